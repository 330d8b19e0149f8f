// The server's clock, as this page knows it, and the tick that keeps every label on the page fresh.

const TICK_MS = 500;

/**
 * Says what time it is for the server. All instants on the page come from the server, so a visitor whose own
 * clock is an hour wrong must not read "left in an hour".
 */
export class Clock {
  #aheadMs = 0;
  #ticks = new Set();
  #timer = null;

  constructor() {
    // Nobody reads the labels of a hidden page; they are all brought up to date on the way back.
    document.addEventListener("visibilitychange", () => this.#run());
  }

  /** Takes an answer's own `nowAt`. Only fresh answers will do: a resumed change may be minutes old. */
  heard(nowAt) {
    const server = Date.parse(nowAt);
    if (Number.isFinite(server)) this.#aheadMs = server - Date.now();
  }

  now() {
    return Date.now() + this.#aheadMs;
  }

  /** Milliseconds from an instant until now; never negative. */
  since(instant) {
    return Math.max(0, this.now() - Date.parse(instant));
  }

  /** Calls back twice a second while the page can be seen: half a second late is the worst a label can be. */
  onTick(callback) {
    this.#ticks.add(callback);
    this.#run();
  }

  #run() {
    clearInterval(this.#timer);
    if (document.visibilityState === "hidden") return;
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick() {
    for (const callback of this.#ticks) callback();
  }
}
