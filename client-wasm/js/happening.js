// @ts-check
// What can happen that needs no more said of it, by the numbers that src/lib.rs has for it.

export const ONLINE = 0;
/** A worker has woken the page. */
export const WOKEN = 1;
export const BEAT_NOW = 2;
/** A person's input, or what counts as one (a film, a game pad). */
export const ACTIVE = 3;
/** The last word is sent, and everything let go of. */
export const STOP = 4;
/** The same, of somebody who signs out. */
export const SIGN_OUT = 5;
