// @ts-check
// What `/metrics` says, and what it says about the last minutes: counters only grow, so two looks make a rate. Pure.

/** One look. @typedef {{ at: number, figures: Map<string, number> }} Look */

/** Prometheus's text as numbers by name and labels. @type {(text: string) => Map<string, number>} */
export function read(text) {
  const figures = new Map();
  for (const line of text.split("\n")) {
    const at = line.lastIndexOf(" ");
    if (at > 0 && !line.startsWith("#")) figures.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return figures;
}

/** Refusals that no beat can get: somebody asked for something else. */
const NOT_OF_BEATS = new Set([
  "not_found", "method_wrong", "query_bad", "gate_off", "email_bad", "too_many_watchers", "too_many_sockets", "upgrade_missing",
  "metrics_closed", "client_unbuilt", "not_allowed", "punched_already", "punches_off",
]);

/** The looks of the last minute, of which only the growth from the first to the last counts. */
export class Looks {
  /** @type {Look[]} */
  #looks = [];
  #spanMs;

  constructor(spanMs = 60_000) {
    this.#spanMs = spanMs;
  }

  /** @param {Look} look */
  add(look) {
    const last = this.#looks.at(-1);
    // A counter that has shrunk is that of a server that was started again.
    if (last && (look.figures.get(BEATS) ?? 0) < (last.figures.get(BEATS) ?? 0)) this.#looks = [];
    this.#looks.push(look);
    while (this.#looks.length > 2 && look.at - /** @type {Look} */ (this.#looks[1]).at >= this.#spanMs) this.#looks.shift();
  }

  /** How much a counter has grown. @param {string} name */
  grown(name) {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    return (last?.figures.get(name) ?? 0) - (first?.figures.get(name) ?? 0);
  }

  /** The newest value. @param {string} name */
  now(name) {
    return this.#looks.at(-1)?.figures.get(name) ?? 0;
  }

  get lengthMs() {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    return first && last ? last.at - first.at : 0;
  }

  /** Beats that were taken and refused; `share` is null while there were none. */
  beats() {
    const taken = this.grown(BEATS);
    let refused = 0;
    for (const name of this.#looks.at(-1)?.figures.keys() ?? []) {
      const code = /^stillhere_refusals_total\{code="(.*)"\}$/.exec(name)?.[1];
      if (code && !NOT_OF_BEATS.has(code)) refused += this.grown(name);
    }
    const all = taken + refused;
    return { taken, refused, share: all > 0 ? taken / all : null, perSecond: this.lengthMs > 0 ? (1_000 * taken) / this.lengthMs : 0 };
  }

  /**
   * Below which value (in seconds) this share of a histogram's newest samples lies: the border of its bucket. Null
   * without samples; infinite beyond the last border.
   *
   * @type {(name: string, share: number) => number | null}
   */
  quantile(name, share) {
    const prefix = `${name}_bucket{le="`;
    const buckets = [];
    for (const each of this.#looks.at(-1)?.figures.keys() ?? []) {
      if (each.startsWith(prefix)) buckets.push({ border: borderOf(each.slice(prefix.length, -2)), upTo: this.grown(each) });
    }
    buckets.sort((a, b) => a.border - b.border);
    const all = buckets.at(-1)?.upTo ?? 0;
    if (all === 0) return null;
    return buckets.find(({ upTo }) => upTo >= share * all)?.border ?? null;
  }
}

export const BEATS = "stillhere_beats_taken_total";
export const PUSH = "stillhere_push_seconds";

/** @type {(text: string) => number} */
function borderOf(text) {
  return text === "+Inf" ? Infinity : Number(text);
}
