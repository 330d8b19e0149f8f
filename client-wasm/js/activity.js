// @ts-check
// A person at work, as the page's events show it.

/** `scroll` does not bubble, so it is caught on its way down. */
export const ACTIVITY = ["pointerdown", "pointermove", "keydown", "scroll", "touchstart", "wheel"];

/** One input takes care of so much time: while somebody is known to be at work nothing listens, and typing costs nothing. */
const REST_MS = 1_000;

/**
 * Tells of an input, at most once a second, and of the end of each rest, when what the input has led to is done.
 *
 * @param {readonly string[]} kinds of events, at the window
 * @param {() => void} active
 * @param {() => void} rested
 * @returns {() => void} ends it
 */
export function watchActivity(kinds, active, rested) {
  /** @type {AbortController} */
  let ears;
  /** @type {ReturnType<typeof setTimeout>} */
  let rest;

  function listen() {
    ears = new AbortController();
    for (const kind of kinds) addEventListener(kind, hear, { capture: true, passive: true, signal: ears.signal });
  }

  function hear() {
    ears.abort();
    rest = setTimeout(() => {
      listen();
      rested();
    }, REST_MS);
    active();
  }

  listen();
  return () => {
    ears.abort();
    clearTimeout(rest);
  };
}
