import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ago, asSentence, count, countdown, errorBound, hue, initials, length, midnight, shortId, timeOfDay,
} from "../../www/format.js";

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

/** Each row is the arguments and what they read as. */
function check(say, rows) {
  for (const [args, expected] of rows) assert.equal(say(...[args].flat()), expected, JSON.stringify(args));
}

test("a length shows its two largest units and never more", () => {
  check(length, [
    [0, "0s"], [999, "0s"], [48 * S, "48s"], [59_999, "59s"], [M, "1m 00s"], [3 * M + 12 * S, "3m 12s"],
    [H, "1h 00m"], [H + 4 * M + 59 * S, "1h 04m"], [D, "1d 0h"], [2 * D + 3 * H, "2d 3h"],
  ]);
});

test("a length that nobody knows is a dash, and a negative one is nothing", () => {
  check(length, [[NaN, "–"], [[undefined], "–"], [-5 * S, "0s"]]);
});

test("what a beat may be late by is just now, and older is told in one unit", () => {
  check(ago, [
    [-3 * S, "just now"], [0, "just now"], [9_999, "just now"], [10 * S, "10s ago"], [M - 1, "59s ago"],
    [5 * M + 30 * S, "5m ago"], [H, "1h ago"], [D - 1, "23h ago"], [3 * D, "3d ago"], [NaN, "never"],
  ]);
});

test("a countdown reaches zero when the time is over and not before", () => {
  check(countdown, [[-1, "0s"], [0, "0s"], [1, "1s"], [1_000, "1s"], [1_001, "2s"], [59_001, "1m 00s"], [75 * S, "1m 15s"]]);
});

test("an error bound below a second is not worth a word", () => {
  check(errorBound, [[[null], ""], [0, ""], [999, ""], [35 * S, "± 35s"], [2 * M, "± 2m 00s"]]);
});

test("initials are the first letters of the first and last word", () => {
  check(initials, [
    ["Amber Otter", "AO"], ["ann", "A"], ["ann.lee@example.org", "AO"], ["Anna Maria Lee", "AL"], ["  ", "?"],
    ["émile zola", "ÉZ"], ["🦊 fox", "🦊F"],
  ]);
});

test("a name keeps its colour, and different names mostly differ", () => {
  assert.equal(hue("Amber Otter"), hue("Amber Otter"));
  const hues = new Set(Array.from({ length: 100 }, (_, n) => hue(`person ${n}`)));
  assert.ok(hues.size > 60, `${hues.size} hues for 100 names`);
  for (const each of hues) assert.ok(each >= 0 && each < 360);
});

test("today begins at the reader's own midnight", () => {
  const noon = new Date(2026, 10, 21, 12, 34, 56);
  assert.deepEqual(midnight(noon), new Date(2026, 10, 21));
});

test("a time of day follows the reader's habit, and no instant is a dash", () => {
  const at = new Date(2026, 10, 21, 14, 6);
  assert.equal(timeOfDay(at, "en-GB"), "14:06");
  assert.match(timeOfDay(at, "en-US"), /^2:06\sPM$/u);
  check(timeOfDay, [[[null], "–"], ["nonsense", "–"]]);
});

test("a number agrees with its noun", () => {
  check(count, [[[1, "tab", "tabs"], "1 tab"], [[0, "tab", "tabs"], "0 tabs"], [[3, "tab", "tabs"], "3 tabs"]]);
});

test("an id is cut short and a message is closed", () => {
  check(shortId, [["k3JdPqX0aaaaaaaaaaaaaa", "k3JdPq…"], [[undefined], "–"]]);
  check(asSentence, [["No token", "No token."], ["No token.", "No token."], ["Really?", "Really?"]]);
});
