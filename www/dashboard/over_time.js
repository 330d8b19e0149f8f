// @ts-check
// The card of charts: how many were here when, how long they stayed, and who was punched out.

import { timeOfDay } from "../format.js";
import { field, text } from "../markup.js";
import { lengthAt } from "../sessions.js";
import { Chart } from "./chart.js";
import { LABELS } from "./lengths.js";
import { autoOuts, beginning, ceiling, concurrency, lengthsOf, RANGES } from "./series.js";

/** Pages of sessions that are looked at for their lengths, of a thousand each: more than a histogram needs. */
const MOST_PAGES = 5;
const PAGE_ROWS = 1_000;

/** @typedef {import("./api.js").Api} Api */

export class OverTime {
  #parts;
  #clock;
  #charts;
  /** @type {Api | null} */
  #api = null;
  #asked = {};

  /** @param {HTMLElement} root @param {{ clock: import("../clock.js").Clock }} to */
  constructor(root, { clock }) {
    this.#clock = clock;
    this.#parts = Object.fromEntries(["range", "charts", "trouble"].map((name) => [name, field(root, name)]));
    const place = this.#parts.charts;
    this.#charts = {
      concurrency: new Chart(place, {
        title: "How many were here at once",
        rows: [{ label: "People", color: "--accent", kind: "area" }, { label: "Sessions", color: "--away", kind: "line" }],
      }),
      lengths: new Chart(place, { title: "How long sessions were", rows: [{ label: "Sessions", color: "--online", kind: "bars" }], names: LABELS }),
      autoOuts: new Chart(place, {
        title: "Punched out automatically",
        rows: [{ label: "AUTO_OUTs", color: "--away", kind: "bars" }, { label: "Warning line", color: "--accent-deep", kind: "border" }],
        ceiling: () => this.#ceiling,
      }),
    };
    this.#parts.range.addEventListener("change", () => this.refresh());
  }

  #ceiling = 1;

  /** @param {Api} api */
  use(api) {
    this.#api = api;
    return this.refresh();
  }

  /** What the range that is shown is called in a question. */
  question() {
    const range = /** @type {typeof RANGES[string]} */ (RANGES[this.#parts.range.value]);
    const now = this.#clock.now();
    const from = beginning(now, range, -60_000 * new Date(now).getTimezoneOffset());
    return { from: new Date(from).toISOString(), step: range.step };
  }

  async refresh() {
    const api = this.#api;
    if (!api) return;
    const asked = (this.#asked = {});
    const { from, step } = this.question();
    try {
      const [statistics, lengths] = await Promise.all([api.get("/admin/stats", { from, step }), this.#lengths(api, from)]);
      if (this.#asked !== asked) return;
      this.#show(statistics, lengths);
      this.#parts.trouble.hidden = true;
    } catch (/** @type {any} */ why) {
      if (this.#asked !== asked) return;
      this.#parts.trouble.hidden = false;
      text(this.#parts.trouble, why.message);
    }
  }

  /** @type {(statistics: any, lengths: { lengthsMs: number[], all: number }) => void} */
  #show({ buckets, totals }, { lengthsMs, all }) {
    const isLong = this.#parts.range.value === "week" || this.#parts.range.value === "month";
    const name = isLong ? dayAndTime : timeOfDay;
    this.#charts.concurrency.show(concurrency(buckets, totals.peakUsersAt, name));
    this.#charts.lengths.show(lengthsOf(lengthsMs, all, totals.medianLengthMs));
    const outs = autoOuts(buckets, name);
    const numbers = /** @type {number[]} */ (outs.columns[1]);
    this.#ceiling = ceiling(Math.max(0, ...numbers), outs.threshold);
    this.#charts.autoOuts.show(outs);
  }

  /** @type {(api: Api, from: string) => Promise<{ lengthsMs: number[], all: number }>} */
  async #lengths(api, from) {
    const lengthsMs = [];
    let [after, all] = [null, 0];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { sessions, totals, next, nowAt } = await api.get("/admin/sessions", { from, limit: PAGE_ROWS, after });
      this.#clock.heard(nowAt);
      for (const session of sessions) lengthsMs.push(lengthAt(session, Date.parse(nowAt)));
      all = totals.sessions;
      after = next;
      if (!next) break;
    }
    return { lengthsMs, all };
  }
}

/** @type {(at: string) => string} */
function dayAndTime(at) {
  const day = new Date(at).toLocaleDateString(undefined, { month: "short", day: "numeric" });
  return `${day}, ${timeOfDay(at)}`;
}
