// @ts-check
// A beat as it lies on the wire, from the numbers that the engine says it in (`Dispatch::say`).

const STATES = /** @type {const} */ (["active", "passive", "hidden", "frozen", "closed"]);

/**
 * Its four parts as one text: url-safe base64 of sixteen bytes. Every machine with a browser has the lowest byte first.
 *
 * @type {(parts: number[]) => string}
 */
export const readId = (parts) =>
  btoa(String.fromCharCode(...new Uint8Array(new Uint32Array(parts).buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .slice(0, 22);

/** What is not so is not said: JSON leaves out what is undefined. @type {(numbers: number[]) => import("./beat.js").Beat} */
export function readBeat([a, b, c, d, seq, t, state, signOut, idle, nextMs, activeMs, ...ends]) {
  const visible = [];
  while (ends.length) visible.push(ends.splice(0, 2));
  return {
    session: readId([a, b, c, d]),
    seq,
    t,
    state: STATES[state],
    signOut: !!signOut || undefined,
    idle: !!idle || undefined,
    nextMs: nextMs || undefined,
    visible,
    activeMs,
  };
}
