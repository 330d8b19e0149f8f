import assert from "node:assert/strict";
import { test } from "node:test";
import { Looks, read } from "../../www/dashboard/figures.js";
import { BORDERS_MS, histogram, LABELS } from "../../www/dashboard/lengths.js";
import { autoOuts, beginning, ceiling, concurrency, lengthsOf, RANGES } from "../../www/dashboard/series.js";

const MINUTE = 60_000;
const START = Date.parse("2026-11-21T14:00:00.000Z");
const name = (at) => at.slice(11, 16);
const looks = (...texts) => {
  const all = new Looks();
  texts.forEach((text, number) => all.add({ at: number * 5_000, figures: read(text) }));
  return all;
};

test("a histogram counts each length once, one on a border in the later bucket", () => {
  assert.equal(LABELS.length, BORDERS_MS.length);
  assert.deepEqual(histogram([0, 59_999, MINUTE, 5 * MINUTE, 14 * MINUTE, 480 * MINUTE, 5_000 * MINUTE]), [2, 1, 2, 0, 0, 0, 0, 0, 2]);
  assert.deepEqual(histogram([]), LABELS.map(() => 0));
});

test("Prometheus's text is read with its labels and without its comments", () => {
  const figures = read('# HELP a b\na_total 3\nb{code="x y"} 0.5\n\n');
  assert.deepEqual([...figures], [["a_total", 3], ['b{code="x y"}', 0.5]]);
});

test("the beats that succeed are those that were taken in the last minute, and others' refusals are not theirs", () => {
  const before = 'stillhere_beats_taken_total 1000\nstillhere_refusals_total{code="throttled"} 7\n';
  const after = 'stillhere_beats_taken_total 1095\nstillhere_refusals_total{code="throttled"} 12\nstillhere_refusals_total{code="not_found"} 40\n';
  assert.deepEqual(looks(before, after).beats(), { taken: 95, refused: 5, share: 0.95, perSecond: 19 });
  assert.equal(looks(before).beats().share, null);
});

test("looks older than a minute are forgotten, and so are those before a restart", () => {
  const many = looks(...Array.from({ length: 30 }, (_, at) => `stillhere_beats_taken_total ${at * 10}`));
  assert.equal(many.lengthMs, MINUTE);
  assert.equal(many.beats().taken, 120);
  const anew = looks("stillhere_beats_taken_total 500", "stillhere_beats_taken_total 3", "stillhere_beats_taken_total 5");
  assert.equal(anew.beats().taken, 2);
});

test("a quantile is the border of the bucket in which it lies, of the newest samples only", () => {
  const lag = (...numbers) => ["0.001", "0.1", "+Inf"].map((border, at) => `lag_bucket{le="${border}"} ${numbers[at]}`).join("\n");
  assert.equal(looks(lag(50, 50, 50), lag(50, 149, 150)).quantile("lag", 0.95), 0.1);
  assert.equal(looks(lag(0, 0, 0), lag(1, 1, 10)).quantile("lag", 0.95), Infinity);
  assert.equal(looks(lag(5, 5, 5), lag(5, 5, 5)).quantile("lag", 0.95), null);
});

const bucket = (minutes, more = {}) => ({
  at: new Date(START + minutes * MINUTE).toISOString(), lengthMs: 15 * MINUTE, peakUsers: 0, peakSessions: 0, averageUsers: 0, autoOuts: 0, ...more,
});

test("a range begins where a clock strikes for the reader, and reaches no further than it says", () => {
  const now = START + 7 * MINUTE;
  assert.equal(beginning(now, RANGES.day), START + 60 * MINUTE - 24 * 60 * MINUTE);
  assert.equal(beginning(now, RANGES.hour), now - 60 * MINUTE);
  // Half past is where an hour begins in some places.
  assert.equal(beginning(now, { reachMs: 60 * MINUTE, wholeMs: 60 * MINUTE }, 5.5 * 60 * MINUTE), START - 30 * MINUTE);
  for (const range of Object.values(RANGES)) assert.ok(beginning(now + 1, range) >= now - range.reachMs);
});

test("how many were here is drawn by its peaks and told in a sentence and a table", () => {
  const drawn = concurrency([bucket(0, { peakUsers: 4, peakSessions: 6, averageUsers: 3.25 }), bucket(15, { peakUsers: 2, peakSessions: 2 })], bucket(3).at, name);
  assert.deepEqual(drawn.columns, [[START / 1_000, START / 1_000 + 900], [4, 2], [6, 2]]);
  assert.equal(drawn.summary, "At most 4 people at once, first at 14:03; 2 at most in the newest step.");
  const one = concurrency([bucket(0, { peakUsers: 1 })], bucket(3).at, name);
  assert.equal(one.summary, "At most 1 person at once, first at 14:03; 1 at most in the newest step.");
  assert.deepEqual(drawn.rows[0], ["14:00", "4", "6", "3.3"]);
  assert.equal(concurrency([bucket(0)], null, name).summary, "Nobody was here in this time.");
});

test("AUTO_OUTs are told by the hour, and the warning line is ten a minute in the same steps", () => {
  const day = autoOuts([0, 15, 30, 45, 60].map((minutes) => bucket(minutes, { autoOuts: 2 })), name);
  assert.deepEqual(day.columns[1], [8, 2]);
  assert.equal(day.threshold, 600);
  assert.equal(day.summary, "10 in all, at most 8 an hour. The warning line is at 600 an hour.");
  const hour = autoOuts([bucket(0, { lengthMs: MINUTE, autoOuts: 11 }), bucket(1, { lengthMs: MINUTE })], name);
  assert.deepEqual([hour.columns[1], hour.threshold], [[11, 0], 10]);
});

test("the warning line is in the picture when it is near, and flattens nothing when it is far", () => {
  assert.ok(ceiling(3, 10) > 10);
  assert.ok(ceiling(200, 600) > 600);
  assert.ok(ceiling(8, 600) < 20);
  assert.equal(ceiling(0, 600), 1);
});

test("who counts only some of the sessions says so", () => {
  const drawn = lengthsOf([MINUTE, 2 * MINUTE, 20 * MINUTE], 9, 90_000);
  assert.equal(drawn.summary, "1–5 min is the most frequent length. Half of those that ended were shorter than 1m 30s. The newest 3 of 9 sessions are counted.");
  assert.equal(lengthsOf([], 0, null).summary, "No session in this time.");
});
