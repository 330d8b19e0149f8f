// @ts-check
// The figures at the top, and the early warnings that follow from them.

import { empty, field, lineUp, text } from "../markup.js";
import { BEATS, Looks, PUSH, read } from "./figures.js";
import { AUTO_OUTS_PER_MINUTE, busiestMinute, calm, warnings } from "./warnings.js";

/** Changes whose way to this page is remembered. */
const MOST_LAGS = 100;

/** @typedef {import("./api.js").Api} Api */

export class Glance {
  #parts;
  #warned;
  #clock;
  /** @type {Api | null} */
  #api = null;
  #looks = new Looks();
  /** @type {number[]} */
  #lags = [];
  /** @type {import("./warnings.js").Known} */
  #known = {};
  /** Where this system's figures are. */
  #metrics = "";

  /** @param {HTMLElement} root @param {HTMLElement} warned @param {{ clock: import("../clock.js").Clock }} to */
  constructor(root, warned, { clock }) {
    this.#clock = clock;
    const names = ["people", "sessions", "channels", "rate", "rate-more", "lag", "lag-more", "auto-outs", "auto-outs-more"];
    this.#parts = Object.fromEntries(names.map((name) => [name, field(root, name)]));
    this.#warned = { none: field(warned, "none"), list: field(warned, "list") };
  }

  /** Another system; `metrics` is where its figures are. @param {Api} api @param {string} metrics */
  use(api, metrics) {
    this.#api = api;
    this.#metrics = metrics;
    this.#looks = new Looks();
    this.#lags = [];
    this.#known = {};
    for (const part of Object.values(this.#parts)) text(part, part.classList.contains("hint") ? "" : "–");
    return this.refresh();
  }

  /** @param {import("./roll.js").Roll} roll */
  here(roll) {
    const { people, sessions, channels } = this.#parts;
    text(people, roll.isKnown ? roll.people.toLocaleString() : "–");
    text(sessions, roll.isKnown ? roll.sessions.toLocaleString() : "–");
    text(channels, roll.isKnown ? roll.channels().length.toLocaleString() : "–");
  }

  /** A change has come that was made at this moment. @param {string} at */
  changed(at) {
    this.#lags.push(Math.max(0, this.#clock.now() - Date.parse(at)));
    if (this.#lags.length > MOST_LAGS) this.#lags.shift();
  }

  /** Why nothing comes from the feed; null: it comes. @param {string | null} why */
  line(why) {
    this.#known.line = why;
    this.#warn();
  }

  async refresh() {
    const api = this.#api;
    if (!api) return;
    await Promise.all([this.#askFigures(api), this.#askHour(api)]);
    if (this.#api === api) this.#warn();
  }

  /** @param {Api} api */
  async #askFigures(api) {
    try {
      const figures = read(await api.text(this.#metrics));
      if (this.#api !== api) return;
      this.#looks.add({ at: performance.now(), figures });
      this.#showFigures();
    } catch (/** @type {any} */ why) {
      if (this.#api === api) text(this.#parts["rate-more"], why.message);
    }
    if (this.#api === api) this.#showLag();
  }

  #showFigures() {
    const looks = this.#looks;
    const beats = looks.beats();
    this.#known.beats = beats;
    this.#known.server = {
      unwritten: looks.grown("stillhere_checkpoints_failed_total"),
      resyncs: looks.grown("stillhere_resyncs_total"),
      commands: looks.now("stillhere_commands_waiting"),
    };
    text(this.#parts.rate, beats.share === null ? "–" : percent(beats.share));
    text(this.#parts["rate-more"], beats.share === null ? `${looks.now(BEATS).toLocaleString()} since the server began`
      : `${beats.perSecond.toFixed(1)} a second, ${beats.refused.toLocaleString()} refused in the last minute`);
  }

  #showLag() {
    const most = this.#looks.quantile(PUSH, 0.95);
    const middle = [...this.#lags].sort((a, b) => a - b)[this.#lags.length >> 1];
    this.#known.lagMs = most === null || most === Infinity ? (middle ?? null) : Math.max(1_000 * most, middle ?? 0);
    text(this.#parts.lag, middle === undefined ? "–" : middle < 1 ? "under 1 ms" : `${Math.round(middle)} ms`);
    text(this.#parts["lag-more"], middle === undefined ? "no change has come yet" : most === null ? "to this page, half of the changes"
      : `to this page; on the server 95 % within ${most === Infinity ? "more than 10 s" : `${1_000 * most} ms`}`);
  }

  /** @param {Api} api */
  async #askHour(api) {
    const from = new Date(Math.floor(this.#clock.now() / 60_000) * 60_000 - 3_540_000).toISOString();
    try {
      const { buckets, totals } = await api.get("/admin/stats", { from, step: "1m" });
      if (this.#api !== api) return;
      this.#known.autoOuts = buckets.map((/** @type {{ autoOuts: number }} */ bucket) => bucket.autoOuts);
      this.#known.ends = { ended: totals.ended, timeout: totals.endedTimeout };
      text(this.#parts["auto-outs"], totals.autoOuts.toLocaleString());
      text(this.#parts["auto-outs-more"], `busiest minute ${busiestMinute(this.#known.autoOuts)}, alert above ${AUTO_OUTS_PER_MINUTE}`);
    } catch (/** @type {any} */ why) {
      if (this.#api === api) text(this.#parts["auto-outs-more"], why.message);
    }
  }

  #warn() {
    const { none, list } = this.#warned;
    const found = warnings(this.#known);
    none.hidden = found.length > 0;
    text(none, calm(this.#known));
    lineUp(list, found, empty("li"), (/** @type {HTMLElement} */ item, /** @type {any} */ { grade, words }) => {
      item.className = "notice";
      item.dataset.grade = grade;
      text(item, `${grade === "alert" ? "Now: " : ""}${words}`);
    });
  }
}

/** Never "100 %" while one was refused. @type {(share: number) => string} */
export function percent(share) {
  const shown = share === 1 ? 100 : Math.min(99.99, 100 * share);
  return `${share === 1 ? 100 : shown.toFixed(shown > 99 ? 2 : 1)} %`;
}
