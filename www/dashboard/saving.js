// @ts-check
// Lists as files for a spreadsheet. By a request and not by a link: a link could not say who asks.

import { text } from "../markup.js";

/** How long a file's address is kept: every browser has begun to save it by then. */
const KEPT_MS = 60_000;

/** @typedef {{ path: string, question: () => Record<string, string>, name: string }} Table */

export class Saving {
  /** @type {import("./api.js").Api | null} */
  #api = null;

  /** @param {HTMLElement} told where it is said what has come of it @param {Iterable<[HTMLButtonElement, Table]>} buttons */
  constructor(told, buttons) {
    for (const [button, table] of buttons) button.addEventListener("click", () => this.#save(button, table, told));
  }

  /** @param {import("./api.js").Api} api */
  use(api) {
    this.#api = api;
  }

  /** @type {(button: HTMLButtonElement, table: Table, told: HTMLElement) => Promise<void>} */
  async #save(button, { path, question, name }, told) {
    if (!this.#api || button.getAttribute("aria-disabled") === "true") return;
    // Not `disabled`: the keyboard would lose its place.
    button.setAttribute("aria-disabled", "true");
    text(told, `Asking for ${name}.csv.`);
    try {
      const file = await this.#api.table(path, question());
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${name}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
      text(told, `${name}.csv is saved where your browser keeps downloads.`);
    } catch (/** @type {any} */ why) {
      text(told, `${name}.csv could not be had. ${why.message}`);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
}
