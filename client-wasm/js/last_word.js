// @ts-check
// The last word of a tab whose beats did not get through: kept for the origin's next page, which brings it.
//
// Never with a token: whoever comes next speaks for themselves, and the server takes no word about somebody else.

/** @typedef {import("./beat.js").Beat} Beat */

/** What was said, when by the wall clock, and how long ago. @typedef {{ at: number, agoMs: number, beat: Beat }} Word */

/** More tabs than that are seldom closed without a network. */
const WORDS = 8;

/** Longer than a beat with all the spans that it may have. */
const LETTERS = 4_096;

/** Nobody looks for the end of a stay after a week. */
const AGE_MS = 7 * 86_400_000;

/** @type {(url: string) => string} */
const key = (url) => `stillhere ${url}`;

/**
 * Keeps a beat for whoever brings it to `url`. Where nothing can be stored it is lost.
 *
 * @param {string} url
 * @param {Beat} beat
 * @param {number} [at]
 */
export function keepWord(url, beat, at = Date.now()) {
  try {
    if (JSON.stringify(beat).length > LETTERS) return;
    const words = [...kept(url), { at, beat }];
    localStorage.setItem(key(url), JSON.stringify(words.slice(-WORDS)));
  } catch {
    // Private windows, blocked cookies, full.
  }
}

/**
 * Takes out what is kept for `url`, but for what the tab of `session` has said itself: it goes on.
 *
 * @param {string} url
 * @param {string} session
 * @returns {Word[]}
 */
export function takeWords(url, session) {
  try {
    const words = kept(url);
    localStorage.removeItem(key(url));
    return words
      .map((word) => ({ ...word, agoMs: Date.now() - word.at }))
      .filter(({ agoMs, beat }) => agoMs >= 0 && agoMs < AGE_MS && beat.session !== session);
  } catch {
    // The page may have written there too.
    return [];
  }
}

/** @type {(url: string) => { at: number, beat: Beat }[]} */
const kept = (url) => JSON.parse(localStorage.getItem(key(url)) ?? "[]");
