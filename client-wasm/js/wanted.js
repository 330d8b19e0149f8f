// @ts-check
// What a component wants of the heart or of a watch, and whether that has become something else.

import { personOf } from "./watch.js";

/** @typedef {string | (() => string | Promise<string>) | null} Token */

/** @template {{ token?: Token }} Options */
export class Wanted {
  #movable;
  /** The same for whoever wants the same. */
  key = "";
  /** Null: nothing, as nobody is signed in. @type {Options | null} */
  options = null;

  /** @param {string[]} movable options that can change under way */
  constructor(movable = []) {
    this.#movable = movable;
  }

  /**
   * Whether it is something else now. A newer token of the same person is not, nor is a function that is written anew
   * each time a component is drawn.
   *
   * @param {Options | null} options with `token: null`, nobody is signed in
   */
  become(options) {
    const wanted = options && options.token !== null ? { ...options } : null;
    const key = JSON.stringify(wanted, (name, value) => {
      if (this.#movable.includes(name)) return undefined;
      if (typeof value === "function") return "()";
      return name === "token" && value ? personOf(value) : value;
    });
    this.options = wanted;
    return key !== this.key && ((this.key = key), true);
  }
}

/**
 * Options with a token that is asked of whoever wants them by then.
 *
 * @template {{ token?: Token }} Options
 * @param {Options} options
 * @param {() => Wanted<Options>} by
 */
export function live(options, by) {
  if (options.token === undefined) return options;
  const token = () => {
    const newest = by().options?.token;
    return (typeof newest === "function" ? newest() : newest) ?? "";
  };
  return { ...options, token };
}
