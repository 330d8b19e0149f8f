import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, lengthAt, merge, question, totalsLine } from "../../www/sessions.js";

const START = Date.parse("2026-11-21T14:00:00.000Z");
const at = (seconds) => new Date(START + seconds * 1_000).toISOString();

function session(id, more = {}) {
  return { session: id, user: "ann", startedAt: at(0), lastSeenAt: at(60), endedAt: null, reason: null, errorBoundMs: null, durationMs: 60_000, ...more };
}

test("the list is asked for from the reader's midnight, in a channel only when there is one", () => {
  const noon = new Date(2026, 10, 21, 12);
  const params = (url) => Object.fromEntries(new URL(url, "http://x").searchParams);
  assert.equal(params(question(noon, null)).from, new Date(2026, 10, 21).toISOString());
  assert.equal("channel" in params(question(noon, null)), false);
  assert.equal(params(question(noon, "orders")).channel, "orders");
  assert.equal(params(question(noon, null, "next page")).after, "next page");
});

test("fresh rows replace known ones, each session once, newest first", () => {
  const known = [session("a", { startedAt: at(10) }), session("b", { startedAt: at(5) })];
  const fresh = [session("c", { startedAt: at(20) }), session("a", { startedAt: at(10), endedAt: at(70), reason: "closed" })];
  const merged = merge(known, fresh);
  assert.deepEqual(merged.map((each) => each.session), ["c", "a", "b"]);
  assert.equal(merged[1].reason, "closed");
});

test("an open session grows with the clock, a finished one has the server's length", () => {
  assert.equal(lengthAt(session("a"), START + 90_000), 90_000);
  assert.equal(lengthAt(session("a"), START - 90_000), 0);
  assert.equal(lengthAt(session("a", { endedAt: at(60) }), START + 90_000), 60_000);
});

test("an end is told with how far off it can be, and an open session has none", () => {
  assert.equal(ending(session("a")), null);
  assert.deepEqual(ending(session("a", { endedAt: at(60), reason: "timeout", errorBoundMs: 35_000 })), { how: "fell silent", bound: "± 35s" });
  assert.deepEqual(ending(session("a", { endedAt: at(60), reason: "closed", errorBoundMs: 300 })), { how: "closed the tab", bound: "" });
  assert.equal(ending(session("a", { endedAt: at(60), reason: "evaporated" })).how, "evaporated");
});

test("the totals say how many, whose, and the three times", () => {
  const totals = { sessions: 3, users: 1, durationMs: 3_600_000, visibleMs: 120_000, activeMs: 5_000 };
  assert.equal(totalsLine(totals), "3 sessions by 1 person: 1h 00m here, 2m 00s in view, 5s active.");
});
