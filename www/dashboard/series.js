// @ts-check
// From the statistics that the server answers to what a chart draws, and to the same in words and as a table. Pure.

import { count, length, timeOfDay } from "../format.js";
import { histogram, LABELS } from "./lengths.js";
import { AUTO_OUTS_PER_MINUTE } from "./warnings.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What can be looked at: how far back, in which steps, and which of them begins it. @type {Record<string, { reachMs: number, wholeMs: number, step: string }>} */
export const RANGES = {
  hour: { reachMs: HOUR, wholeMs: MINUTE, step: "1m" },
  day: { reachMs: DAY, wholeMs: HOUR, step: "15m" },
  week: { reachMs: 7 * DAY, wholeMs: 2 * HOUR, step: "2h" },
  month: { reachMs: 30 * DAY, wholeMs: 8 * HOUR, step: "8h" },
};

/** A bucket of the server's statistics. @typedef {{ at: string, lengthMs: number, peakUsers: number, peakSessions: number, averageUsers: number, autoOuts: number }} Bucket */

/** What is drawn: x, then one list for each line. @typedef {readonly (readonly (number | null)[])[]} Columns */

/** A chart in numbers and in words. @typedef {{ columns: Columns, summary: string, head: string[], rows: string[][] }} Drawn */

/**
 * From where to ask, so that buckets begin where a clock strikes for the reader.
 *
 * @type {(now: number, range: { reachMs: number, wholeMs: number }, offsetMs?: number) => number}
 */
export function beginning(now, { reachMs, wholeMs }, offsetMs = 0) {
  return Math.ceil((now - reachMs + offsetMs) / wholeMs) * wholeMs - offsetMs;
}

/** How many were here at once. @type {(buckets: readonly Bucket[], peakUsersAt: string | null, name?: (at: string) => string) => Drawn} */
export function concurrency(buckets, peakUsersAt, name = timeOfDay) {
  const most = Math.max(0, ...buckets.map(({ peakUsers }) => peakUsers));
  const summary = most === 0 ? "Nobody was here in this time."
    : `At most ${count(most, "person", "people")} at once, first at ${name(peakUsersAt ?? "")}; ${buckets.at(-1)?.peakUsers ?? 0} at most in the newest step.`;
  return {
    columns: [seconds(buckets), buckets.map(({ peakUsers }) => peakUsers), buckets.map(({ peakSessions }) => peakSessions)],
    summary,
    head: ["From", "People at most", "Sessions at most", "People on average"],
    rows: buckets.map((bucket) => [name(bucket.at), String(bucket.peakUsers), String(bucket.peakSessions), bucket.averageUsers.toFixed(1)]),
  };
}

/** How long they stayed. `all` is how many there were, of which perhaps not all could be looked at. @type {(lengthsMs: readonly number[], all: number, medianMs: number | null) => Drawn} */
export function lengthsOf(lengthsMs, all, medianMs) {
  const numbers = histogram(lengthsMs);
  const part = all > lengthsMs.length ? ` The newest ${lengthsMs.length.toLocaleString()} of ${all.toLocaleString()} sessions are counted.` : "";
  const middle = medianMs === null ? "" : ` Half of those that ended were shorter than ${length(medianMs)}.`;
  return {
    columns: [numbers.map((_, at) => at), numbers],
    summary: all === 0 ? "No session in this time." : `${LABELS[numbers.indexOf(Math.max(...numbers))]} is the most frequent length.${middle}${part}`,
    head: ["Length", "Sessions"],
    rows: numbers.map((number, at) => [/** @type {string} */ (LABELS[at]), String(number)]),
  };
}

/** AUTO_OUTs by the hour, or by the bucket where that is shorter or longer. `threshold` is in the same steps. @type {(buckets: readonly Bucket[], name?: (at: string) => string) => Drawn & { threshold: number }} */
export function autoOuts(buckets, name = timeOfDay) {
  const stepMs = Math.max(...buckets.map(({ lengthMs }) => lengthMs), 0);
  const steps = stepMs > MINUTE && stepMs < HOUR ? hourly(buckets, HOUR / stepMs) : buckets;
  const lengthMs = steps === buckets ? stepMs : HOUR;
  const threshold = Math.round((AUTO_OUTS_PER_MINUTE * lengthMs) / MINUTE);
  const numbers = steps.map((bucket) => bucket.autoOuts);
  const [all, most] = [numbers.reduce((sum, number) => sum + number, 0), Math.max(0, ...numbers)];
  const unit = lengthMs === MINUTE ? "a minute" : lengthMs === HOUR ? "an hour" : `in ${length(lengthMs)}`;
  const line = `The warning line is at ${threshold.toLocaleString()} ${unit}.`;
  return {
    columns: [seconds(steps), numbers, steps.map(() => threshold)],
    summary: all === 0 ? `Nobody was punched out automatically. ${line}` : `${all.toLocaleString()} in all, at most ${most.toLocaleString()} ${unit}. ${line}`,
    head: ["From", "AUTO_OUTs"],
    rows: steps.map((bucket) => [name(bucket.at), String(bucket.autoOuts)]),
    threshold,
  };
}

/**
 * How high the AUTO_OUTs' chart reaches. The line is shown when it means something: far above everything it would only
 * make the rest flat, and the words below say where it is.
 *
 * @type {(most: number, threshold: number) => number}
 */
export function ceiling(most, threshold) {
  const near = threshold <= 12 || 4 * most >= threshold;
  return Math.max(1, near ? 1.15 * Math.max(most, threshold) : 1.15 * most);
}

/** @type {(buckets: readonly Bucket[], perHour: number) => Bucket[]} */
function hourly(buckets, perHour) {
  const hours = [];
  for (let at = 0; at < buckets.length; at += perHour) {
    const hour = buckets.slice(at, at + perHour);
    const sum = hour.reduce((all, bucket) => all + bucket.autoOuts, 0);
    hours.push({ .../** @type {Bucket} */ (hour[0]), lengthMs: HOUR, autoOuts: sum });
  }
  return hours;
}

/** @type {(buckets: readonly Bucket[]) => number[]} */
function seconds(buckets) {
  return buckets.map(({ at }) => Date.parse(at) / 1_000);
}
