// @ts-check
// What a page imports to see who is here: one function, and the handle that it gives. See watch.d.ts.

import { Pass } from "./pass.js";
import { Picture } from "./picture.js";
import { Share } from "./share.js";

export { personOf } from "./pass.js";

/** @typedef {import("./watch.js").WatchOptions} WatchOptions */
/** @typedef {import("./watch.js").Watch} Watch */
/** @typedef {import("./watch.js").WatchEvents} WatchEvents */
/** @typedef {import("./watch.js").LineState} LineState */

/** Every option, and what it must be. @type {Record<keyof WatchOptions, string>} */
const OPTIONS = {
  endpoint: "a string", token: "a string or a function", channel: "a string", user: "a string", users: "an array",
  counts: "a boolean", sharedAs: "a string", credentials: "a string", onChange: "a function", debug: "a boolean",
};

/** @type {(options?: WatchOptions) => Watch} */
export function watch(options = {}) {
  const wrong = mistake(/** @type {Record<string, unknown>} */ (options));
  if (wrong) throw new TypeError(`stillhere: ${wrong}`);
  return new Watching(options);
}

/** What cannot be meant, in words for whoever wrote it. @type {(options: Record<string, unknown>) => string | undefined} */
function mistake(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  for (const [name, value] of given) {
    const wanted = OPTIONS[/** @type {keyof typeof OPTIONS} */ (name)];
    if (!wanted) return `watch has no option ${name}; its options are ${Object.keys(OPTIONS).join(", ")}`;
    const type = Array.isArray(value) ? "array" : typeof value;
    // What somebody gave for a token may hold a secret, and this goes to a console.
    const shown = (name !== "token" && JSON.stringify(value)) || `of the type ${type}`;
    if (!wanted.includes(type)) return `${name} must be ${wanted}, and is ${shown}`;
  }
  const whose = given.map(([name]) => name).filter((name) => ["channel", "user", "users"].includes(name));
  if (whose.length > 1) return `watch one of ${whose.join(" and ")}, and the others each by a watch of their own`;
  if (options.counts && whose.some((name) => name !== "channel")) return "counts are of all channels or of one channel";
  return undefined;
}

/** @type {(options: WatchOptions) => string} */
function address({ endpoint = "/v1", channel, user, users, counts }) {
  const question = new URLSearchParams();
  for (const [name, value] of Object.entries({ channel, user, users: users && [...users].sort().join(), counts })) {
    if (value !== undefined && value !== null && value !== false) question.set(name, String(value));
  }
  // In full, as the tabs of one browser may stand at different places.
  return new URL(`${endpoint.replace(/\/+$/, "")}/feed?${question}`, document.baseURI).href;
}

/** @implements {Watch} */
class Watching {
  #options;
  #pass;
  #picture = new Picture();
  /** Who has it is part of the circle; null: nobody, or not yet. @type {Share | null} */
  #share = null;
  /** The newest attempt to join a circle; whatever an older one finds out is of no use. */
  #entry = {};
  /** In the back/forward cache, or frozen. */
  #isAway = false;
  /** @type {{ [Kind in keyof WatchEvents]?: Set<Function> }} */
  #listeners = {};
  /** Ends everything that listens to the page. */
  #life = new AbortController();
  /** @type {LineState} */
  state = { phase: "connecting" };

  /** @param {WatchOptions} options */
  constructor(options) {
    this.#options = options;
    this.#pass = new Pass(options.token);
    if (options.onChange) this.on("change", options.onChange);
    // On a server there is nobody to show it to.
    if (typeof document === "undefined") return;
    const { signal } = this.#life;
    /** @type {(target: EventTarget, kind: string, then: (event: any) => void) => void} */
    const hear = (target, kind, then) => target.addEventListener(kind, then, { signal });
    // A page that is drawn ahead of time is not looked at, and perhaps never will be.
    // @ts-ignore: not yet among the types of the DOM.
    if (document.prerendering) hear(document, "prerenderingchange", () => this.#enter());
    else this.#enter();
    hear(document, "visibilitychange", () => document.visibilityState === "visible" && this.reconnect());
    hear(globalThis, "online", () => this.reconnect());
    // Nothing may stay open on a page that goes into the back/forward cache, or that is stopped where it stands.
    hear(globalThis, "pagehide", () => this.#rest());
    hear(document, "freeze", () => this.#rest());
    hear(globalThis, "pageshow", () => this.#return());
    hear(document, "resume", () => this.#return());
  }

  get members() {
    return this.#picture.members;
  }

  get counts() {
    return this.#picture.counts;
  }

  get isKnown() {
    return this.#picture.mark !== null;
  }

  /** @type {Watch["on"]} */
  on(kind, listener) {
    (this.#listeners[kind] ??= new Set()).add(listener);
    return () => this.#listeners[kind]?.delete(listener);
  }

  reconnect() {
    const { phase } = this.state;
    if (phase === "refused") this.#enter();
    else if (phase !== "live") this.#share?.reconnect();
  }

  stop() {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    this.#leave();
    this.#note({ phase: "stopped" });
  }

  /** Joins those who watch the same, from where this tab has been. */
  async #enter() {
    this.#leave();
    this.#isAway = false;
    const entry = (this.#entry = {});
    this.#note({ phase: "connecting" });
    const url = address(this.#options);
    const name = await circleName(url, this.#options, this.#pass);
    if (this.#entry !== entry) return;
    const { credentials } = this.#options;
    this.#share = new Share({
      name,
      picture: this.#picture,
      line: {
        url,
        credentials,
        pass: this.#pass,
        onError: (error) => this.#complain(error),
        onStranger: () => this.#become(),
      },
      onNews: ({ type, data }) => data && this.#change(/** @type {keyof WatchEvents} */ (type), data),
      onWhole: () => this.#change("snapshot", this.#whole()),
      onState: (state) => this.#note(state),
    });
  }

  #leave() {
    this.#entry = {};
    this.#share?.leave();
    this.#share = null;
  }

  #rest() {
    this.#isAway = true;
    this.#leave();
    this.#note({ phase: "resting" });
  }

  #return() {
    if (this.#isAway) this.#enter();
  }

  /** The page is somebody else's now, and nothing of what was shown is for them. */
  #become() {
    this.#picture = new Picture();
    this.#tell("change", this);
    this.#enter();
  }

  /** @returns {any} */
  #whole() {
    const { nowAt, members, counts } = this.#picture;
    return this.#options.counts ? { nowAt, channels: counts } : { nowAt, members };
  }

  /** @type {<Kind extends keyof WatchEvents>(kind: Kind, event: WatchEvents[Kind]) => void} */
  #change(kind, event) {
    this.#tell(kind, event);
    this.#tell("change", this);
  }

  /** @param {WatchEvents["error"]} error */
  #complain(error) {
    if (!error.retry && !this.#listeners.error?.size) console.error("stillhere:", error.message);
    this.#tell("error", error);
  }

  /** @param {LineState} state */
  #note(state) {
    const was = this.state;
    this.state = state;
    // Whoever else has a better token must be able to lead.
    if (state.phase === "refused") this.#leave();
    if (state.phase !== was.phase || state.phase === "reconnecting") this.#tell("state", state);
  }

  /** @type {<Kind extends keyof WatchEvents>(kind: Kind, event: WatchEvents[Kind]) => void} */
  #tell(kind, event) {
    if (this.#options.debug) console.debug("stillhere watch", kind, event);
    // Each in a microtask of its own: one that throws is the page's own uncaught error, and nobody else's.
    for (const listener of this.#listeners[kind] ?? []) queueMicrotask(() => listener(event));
  }
}

/**
 * What tabs that may share a stream have in common; "": nothing. It tells nobody a token who does not know it.
 *
 * @type {(url: string, options: WatchOptions, pass: Pass) => Promise<string>}
 */
async function circleName(url, { sharedAs, credentials }, pass) {
  try {
    const person = (await pass.settle()) ?? (sharedAs === undefined ? null : `:${sharedAs}`);
    if (person === null) return "";
    const letters = new TextEncoder().encode([url, credentials, person].join("\n"));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", letters));
    return `stillhere.watch.${btoa(String.fromCharCode(...hash.slice(0, 16)))}`;
  } catch {
    // No token, which the line will say, or a page without cryptography, which has no locks either.
    return "";
  }
}
