// @ts-check
// What the wasm says: numbers, one after the other. A text would have to be written there and read here.

import { leave, session as say } from "stillhere-glue";
import { readBeat, readId } from "./beat.js";

/** @type {number[]} */
const numbers = [];

/** The wasm says one number more. @type {(number: number) => void} */
export const add = (number) => void numbers.push(number);

const taken = () => numbers.splice(0);

/** The session that it has said. */
export const saidId = () => readId(taken());

/** The beat that it has said. */
export const saidBeat = () => readBeat(taken());

/** The session that beats now; empty when none does. */
export function session() {
  say();
  return saidId();
}

/** The page goes, perhaps to be kept for a return: what its tab's next page needs to go on. @type {(isKept: boolean) => string} */
export function saidOnLeaving(isKept) {
  leave(isKept);
  return taken().join(" ");
}
