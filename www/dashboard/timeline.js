// @ts-check
// Where the bars of a person's sessions lie on a line of time. Pure: moments in, hundredths of the line out.

/** From and until, in milliseconds. @typedef {readonly [from: number, until: number]} Span */

/**
 * A session as it was. What an open one has done since its last beat is not known yet.
 *
 * @typedef {{ from: number, heardUntil: number, until: number, visible: readonly Span[], activeMs: number }} Course
 */

/** A piece of a line. @typedef {{ kind: "hidden" | "visible" | "unheard" | "active", left: number, width: number }} Bar */

/** The shortest line: less is no time that anybody reads off. */
const LEAST_MS = 60_000;

/** Distances between marks that people count in. */
const STEPS_MS = [10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800].map((s) => s * 1_000);

/** A session of the list and its own page of the API, as a course. @type {(session: any, visible: readonly [string, string][], now: number) => Course} */
export function courseOf({ startedAt, lastSeenAt, endedAt, activeMs }, visible, now) {
  const from = Date.parse(startedAt);
  const heardUntil = Math.max(from, Date.parse(endedAt ?? lastSeenAt));
  const until = endedAt ? heardUntil : Math.max(heardUntil, now);
  const spans = visible.map(([begin, end]) => /** @type {Span} */ ([Date.parse(begin), Date.parse(end)]));
  return { from, heardUntil, until, visible: spans, activeMs };
}

/** The line that all of them fit on. @type {(courses: readonly Course[], now: number) => Span} */
export function lineOf(courses, now) {
  const from = Math.min(now, ...courses.map((course) => course.from));
  const until = courses.some((course) => course.until > course.heardUntil) ? now : Math.max(from, ...courses.map((course) => course.until));
  return until - from < LEAST_MS ? [from, from + LEAST_MS] : [from, until];
}

/**
 * The pieces of one session: hidden for all of it, visible over that, what is not heard of yet, and below all of them
 * how much of it was active. When it was active nobody knows, so that piece has only a length.
 *
 * @type {(course: Course, line: Span) => Bar[]}
 */
export function barsOf({ from, heardUntil, until, visible, activeMs }, line) {
  const bars = [bar("hidden", from, heardUntil, line)];
  for (const [begin, end] of visible) bars.push(bar("visible", Math.max(begin, from), Math.min(end, until), line));
  // The newest visible span may reach further than the newest beat that said so.
  const known = Math.max(heardUntil, ...visible.map(([, end]) => Math.min(end, until)));
  if (until > known) bars.push(bar("unheard", known, until, line));
  bars.push(bar("active", from, Math.min(from + activeMs, until), line));
  return bars.filter(({ width }) => width > 0);
}

/** Marks on the line, so many at most, at moments that a clock strikes where the reader is. @type {(line: Span, offsetMs?: number, most?: number) => { at: number, left: number }[]} */
export function marksOf([from, until], offsetMs = 0, most = 6) {
  const length = until - from;
  const step = STEPS_MS.find((each) => length / each <= most) ?? Math.ceil(length / most / 86_400_000) * 86_400_000;
  const marks = [];
  // At the very end there is no room for the words.
  for (let at = Math.ceil((from + offsetMs) / step) * step - offsetMs; at <= until - length / (3 * most); at += step) {
    marks.push({ at, left: (100 * (at - from)) / length });
  }
  return marks;
}

/** @type {(kind: Bar["kind"], from: number, until: number, line: Span) => Bar} */
function bar(kind, from, until, [start, end]) {
  const clamp = (/** @type {number} */ at) => Math.min(Math.max(at, start), end);
  const [left, right] = [clamp(from), clamp(until)].map((at) => (100 * (at - start)) / (end - start));
  return { kind, left: /** @type {number} */ (left), width: Math.max(0, /** @type {number} */ (right) - /** @type {number} */ (left)) };
}
