// @ts-check
// What says who watches, and whom it names.

/** What a token says of itself and not of its owner. */
const OF_ITSELF = ["exp", "iat", "nbf", "jti"];

/**
 * Whom a token names: everything that it says but its times, as two tokens of one person may not allow the same. What
 * cannot be read stands for itself.
 *
 * @type {(token: string) => string}
 */
export function personOf(token) {
  try {
    const base64 = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(base64));
    for (const name of OF_ITSELF) delete claims[name];
    return JSON.stringify(claims);
  } catch {
    return token;
  }
}

/** A token, kept until it is no longer taken. */
export class Pass {
  /** @type {import("./watch.js").WatchOptions["token"]} */
  #source;
  /** @type {Promise<string | null> | undefined} */
  #asked;
  /** Whom the token names that was taken for this person's. @type {string | null | undefined} */
  #person;
  /** Whom the newest one names. @type {string | null | undefined} */
  #newest;

  /** @param {import("./watch.js").WatchOptions["token"]} source */
  constructor(source) {
    this.#source = source;
  }

  /** Whether the newest token is somebody else's. */
  get isAnothers() {
    return this.#newest !== this.#person;
  }

  /**
   * The token; null: there is none.
   *
   * @throws what the function throws that should give it
   */
  text() {
    if (!this.#asked) {
      const asked = (this.#asked = this.#ask());
      asked.catch(() => this.#asked === asked && this.renew());
    }
    return this.#asked;
  }

  /** From now on this is the pass of whoever the newest token names: that is who; null: nobody in particular. */
  async settle() {
    await this.text();
    return (this.#person = this.#newest ?? null);
  }

  /** Asks again the next time. Whether that can give another token. */
  renew() {
    this.#asked = undefined;
    return typeof this.#source === "function";
  }

  async #ask() {
    const source = this.#source;
    const token = (typeof source === "function" ? await source() : source) ?? null;
    if (token !== null && typeof token !== "string") throw new TypeError("the token function must return a string");
    this.#newest = token && personOf(token);
    return token;
  }
}
