// Asks again: soon after something has changed, and now and then anyway while the page can be seen.

/** What changes at once, by one person's doing, is one question. */
const SETTLE_MS = 150;

export class Refresh {
  #ask;
  #complain;
  #timer = null;
  #isAsking = false;
  #isDirty = false;
  #isBroken = false;

  /**
   * @param {number} everyMs
   * @param {() => Promise<unknown>} ask
   * @param {(why: unknown) => void} complain told once, until it has worked again
   */
  constructor(everyMs, ask, complain) {
    this.#ask = ask;
    this.#complain = complain;
    setInterval(() => document.visibilityState === "visible" && this.soon(), everyMs);
    this.soon();
  }

  soon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#go();
    }, SETTLE_MS);
  }

  async #go() {
    if (this.#isAsking) {
      this.#isDirty = true;
      return;
    }
    this.#isAsking = true;
    try {
      await this.#ask();
      this.#isBroken = false;
    } catch (why) {
      if (!this.#isBroken) this.#complain(why);
      this.#isBroken = true;
    }
    this.#isAsking = false;
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.soon();
  }
}
