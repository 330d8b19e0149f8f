// @ts-check
// How many sessions were how long: a histogram whose borders are those that people think in. Pure.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Each bucket begins here; the last has no end. */
export const BORDERS_MS = [0, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];

/** What each is called, in the same order. */
export const LABELS = ["< 1 min", "1–5 min", "5–15 min", "15–30 min", "30–60 min", "1–2 h", "2–4 h", "4–8 h", "> 8 h"];

/** How many lengths lie in each bucket; one on a border is in the later one. @type {(lengthsMs: Iterable<number>) => number[]} */
export function histogram(lengthsMs) {
  const buckets = BORDERS_MS.map(() => 0);
  for (const length of lengthsMs) {
    const later = BORDERS_MS.findIndex((border) => border > length);
    const at = later < 0 ? BORDERS_MS.length - 1 : Math.max(0, later - 1);
    buckets[at] = /** @type {number} */ (buckets[at]) + 1;
  }
  return buckets;
}
