import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, courseOf, lineOf, marksOf } from "../../www/dashboard/timeline.js";

const START = Date.parse("2026-11-21T14:00:00.000Z");
const at = (seconds) => new Date(START + seconds * 1_000).toISOString();
const session = (more = {}) => ({ startedAt: at(0), lastSeenAt: at(100), endedAt: null, activeMs: 25_000, ...more });

const shown = (bars) => bars.map(({ kind, left, width }) => `${kind} ${Math.round(left)}+${Math.round(width)}`);

test("a session that ended is hidden time with its visible spans over it, and how much of it was active", () => {
  const course = courseOf(session({ endedAt: at(100) }), [[at(0), at(20)], [at(50), at(100)]], START + 999_000);
  assert.deepEqual(shown(barsOf(course, [START, START + 200_000])), ["hidden 0+50", "visible 0+10", "visible 25+25", "active 0+13"]);
});

test("of an open session it is not said what it has done since its last beat", () => {
  const course = courseOf(session(), [[at(0), at(40)]], START + 200_000);
  assert.deepEqual(shown(barsOf(course, [START, START + 200_000])), ["hidden 0+50", "visible 0+20", "unheard 50+50", "active 0+13"]);
});

test("what lies outside of the line is cut off, and what has no length is not drawn", () => {
  const course = courseOf(session({ endedAt: at(100), activeMs: 0 }), [[at(0), at(20)]], START);
  assert.deepEqual(shown(barsOf(course, [START + 50_000, START + 150_000])), ["hidden 0+50"]);
});

test("the line reaches from the first session to the end of the last, and until now while one is open", () => {
  const ended = courseOf(session({ endedAt: at(100) }), [], START);
  const open = courseOf(session({ startedAt: at(50), lastSeenAt: at(60) }), [], START + 500_000);
  assert.deepEqual(lineOf([ended], START + 999_000), [START, START + 100_000]);
  assert.deepEqual(lineOf([ended, open], START + 500_000), [START, START + 500_000]);
  const moment = courseOf(session({ endedAt: at(2) }), [], START);
  assert.deepEqual(lineOf([moment], START), [START, START + 60_000]);
});

test("the line has few marks, at moments that people name", () => {
  const minutes = (line) => marksOf(line).map((mark) => (mark.at - START) / 60_000);
  assert.deepEqual(minutes([START, START + 3_600_000]), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(minutes([START + 60_000, START + 300_000]), [1, 2, 3, 4]);
  for (const hours of [1, 5, 24, 100, 168, 2_000]) assert.ok(marksOf([START, START + hours * 3_600_000]).length <= 6);
  assert.equal(marksOf([START, START + 3_600_000], 0, 3).length, 2);
  // By the reader's clock, which may be half an hour off the others'.
  assert.deepEqual(marksOf([START, START + 86_400_000], 1_800_000).map((mark) => new Date(mark.at).toISOString().slice(14, 16)), Array(6).fill("30"));
});
