// @ts-check
// One chart: drawn by uPlot for eyes, told in a sentence and as a table for everybody.

import { timeOfDay } from "../format.js";
import { field, stamp, text } from "../markup.js";

/** uPlot, once it is there: the page does not wait for its pictures. @type {any} */
let uPlot = null;

async function load() {
  const { default: loaded } = await import("/client/uplot.js");
  // It asks for the browser's language while it loads, and a browser that has none stops it there; WebKit then gives a
  // module of which only the first half has run.
  if (!loaded.paths) throw new Error("uPlot did not load");
  uPlot = loaded;
}

const HEIGHT = 220;

/** A line or a row of bars. @typedef {{ label: string, color: string, kind: "area" | "line" | "bars" | "border" }} Row */

/**
 * What never changes of a chart. `ceiling` says how high it reaches, `names` what the places on the x axis are called
 * when it is no time.
 *
 * @typedef {{ title: string, rows: readonly Row[], names?: readonly string[], ceiling?: (most: number) => number }} Plan
 */

/** Every chart, for when the colours change. @type {Set<Chart>} */
const all = new Set();

export class Chart {
  #plan;
  #root;
  /** @type {any} */
  #plot = null;
  /** @type {import("./series.js").Drawn | null} */
  #drawn = null;

  /** @param {HTMLElement} place @param {Plan} plan */
  constructor(place, plan) {
    this.#plan = plan;
    this.#root = stamp("chart");
    text(field(this.#root, "title"), plan.title);
    text(field(this.#root, "of"), ` of ${plan.title}`);
    field(this.#root, "box").setAttribute("aria-label", `Table of ${plan.title}`);
    place.append(this.#root);
    all.add(this);
    new ResizeObserver(() => this.#fit()).observe(field(this.#root, "plot"));
    this.#root.querySelector("details").addEventListener("toggle", () => this.#tabulate());
  }

  /** @param {import("./series.js").Drawn} drawn */
  show(drawn) {
    this.#drawn = drawn;
    text(field(this.#root, "summary"), drawn.summary);
    this.#tabulate();
    if (this.#plot) this.#plot.setData(drawn.columns);
    else load().then(() => this.#plot ?? this.recolor(), () => this.#despair());
  }

  /** Draws everything anew, as uPlot asks for its colours once. */
  recolor() {
    if (!this.#drawn || !uPlot) return;
    const box = field(this.#root, "plot");
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(box), this.#drawn.columns, box);
  }

  #despair() {
    text(field(this.#root, "plot"), "The drawing could not be loaded. The table below has the same figures.");
  }

  #fit() {
    const width = field(this.#root, "plot").clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** A table that nobody has opened costs nothing. */
  #tabulate() {
    if (!this.#drawn || !this.#root.querySelector("details").open) return;
    const { head, rows } = this.#drawn;
    field(this.#root, "head").replaceChildren(...head.map((words) => cell("th", words, "col")));
    field(this.#root, "body").replaceChildren(...rows.map(([first, ...rest]) => {
      const row = document.createElement("tr");
      row.append(cell("th", first ?? "", "row"), ...rest.map((words) => cell("td", words)));
      return row;
    }));
  }

  /** @param {HTMLElement} box */
  #options(box) {
    const { rows, names, ceiling } = this.#plan;
    const ink = colorOf(box, "--soft");
    const grid = { stroke: colorOf(box, "--line"), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: `12px ${getComputedStyle(box).fontFamily}` };
    const isNarrow = box.clientWidth < 460;
    const named = names && {
      splits: () => names.map((_, at) => at),
      values: () => names.map((name, at) => (isNarrow && at % 3 && at + 1 < names.length ? "" : name)),
      grid: { show: false },
    };
    return {
      width: box.clientWidth || 300,
      height: HEIGHT,
      scales: {
        x: names ? { time: false, range: [-0.6, names.length - 0.4] } : {},
        y: { range: (/** @type {any} */ _, /** @type {number} */ _least, /** @type {number | null} */ most) => [0, ceiling?.(most ?? 0) ?? Math.max(1, 1.1 * (most ?? 0))] },
      },
      series: [{}, ...rows.map((row) => lookOf(row, colorOf(box, row.color), Boolean(names)))],
      axes: [
        { ...axis, space: 72, values: clock, ...named },
        { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000] },
      ],
      legend: { show: rows.length > 1, live: false, markers: { fill: (/** @type {any} */ plot, /** @type {number} */ at) => plot.series[at].stroke() } },
      cursor: { show: false },
    };
  }
}

/** Times as the reader's own clock says them, with the date where a day begins. @type {(plot: unknown, splits: number[]) => string[]} */
function clock(_plot, splits) {
  return splits.map((at) => {
    const moment = new Date(1_000 * at);
    const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0;
    return isMidnight ? moment.toLocaleDateString(undefined, { month: "short", day: "numeric" }) : timeOfDay(moment);
  });
}

/** @type {(row: Row, color: string, isNamed: boolean) => object} */
function lookOf({ label, kind }, color, isNamed) {
  const look = { label, stroke: color, width: 1.75, points: { show: false } };
  if (kind === "bars") return { ...look, width: 0, fill: color, paths: uPlot.paths.bars({ size: [isNamed ? 0.7 : 0.8, 48], align: isNamed ? 0 : 1 }) };
  if (kind === "border") return { ...look, dash: [6, 4], width: 1.5 };
  if (kind === "area") return { ...look, fill: translucent(color), paths: uPlot.paths.stepped({ align: 1 }) };
  return { ...look, paths: uPlot.paths.stepped({ align: 1 }) };
}

/** What a variable of the style sheet is here and now, light or dark. @type {(box: HTMLElement, name: string) => string} */
function colorOf(box, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @type {(color: string) => string} */
function translucent(color) {
  return `color-mix(in srgb, ${color} 18%, transparent)`;
}

/** @type {(name: string, words: string, scope?: string) => HTMLElement} */
function cell(name, words, scope) {
  const node = document.createElement(name);
  node.textContent = words;
  if (scope) node.setAttribute("scope", scope);
  return node;
}

const recolor = () => all.forEach((chart) => chart.recolor());
new MutationObserver(recolor).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
