import assert from "node:assert/strict";
import { test } from "node:test";
import { headline, sessionWords } from "../../www/dashboard/explanation.js";
import { calm, warnings } from "../../www/dashboard/warnings.js";

const START = Date.parse("2026-11-21T14:00:00.000Z");
const at = (seconds) => new Date(START + seconds * 1_000).toISOString();

const explained = (more = {}) => ({ user: "ann", nowAt: at(0), status: "online", lastSeenAt: at(0), isIn: false, sessions: [{}], ...more });

test("the headline says whether somebody is here, was, or never was", () => {
  assert.equal(headline(explained()), "ann is online, with 1 session open.");
  assert.equal(headline(explained({ isIn: true, sessions: [{}, {}] })), "ann is online, with 2 sessions open. By the punch clock they are in.");
  const gone = { sessions: [], status: "offline", lastSeenAt: at(-300) };
  assert.equal(headline(explained(gone)), "ann is not here. They were last seen 5m ago.");
  assert.equal(headline(explained({ ...gone, status: "recent" })), "ann is not here. They were last seen 5m ago. That is recent enough to be called recent.");
  assert.match(headline(explained({ ...gone, lastSeenAt: null })), /^Nobody called ann has been seen here/);
});

test("a session is told with its place, the rule that fired, and what comes next and when", () => {
  const session = { status: "online", because: "the page is visible (active)", changesAt: at(47), then: "away", channel: "orders", page: "/17" };
  assert.equal(sessionWords(session, at(0)),
    "On /17 in orders it is online, because the page is visible (active). If nothing is heard for 47s, it becomes away.");
  assert.equal(sessionWords({ ...session, page: null, then: "ended" }, at(60)),
    "On orders it is online, because the page is visible (active). If nothing is heard now, the session ends.");
});

const grades = (known) => warnings(known).map(({ grade }) => grade);

test("nothing known and nothing wrong are no warning", () => {
  assert.deepEqual(warnings({}), []);
  const well = { line: null, autoOuts: [1, 0, 5], ends: { ended: 20, timeout: 10 }, beats: { taken: 1_000, refused: 0, share: 1 }, lagMs: 40,
    server: { unwritten: 0, resyncs: 0, commands: 3 } };
  assert.deepEqual(warnings(well), []);
});

test("what is well is said of what is known only", () => {
  assert.equal(calm({}), "Nothing is known yet.");
  assert.equal(calm({ line: null, beats: { taken: 0, refused: 0, share: null } }), "Nothing to worry about: changes are told.");
  assert.equal(calm({ line: null, beats: { taken: 7, refused: 0, share: 1 }, autoOuts: [0] }),
    "Nothing to worry about: beats arrive, changes are told and nobody is punched out by the dozen.");
});

test("more than ten AUTO_OUTs in one minute are an alert, more than five a notice", () => {
  assert.deepEqual(grades({ autoOuts: [0, 11, 0] }), ["alert"]);
  assert.deepEqual(grades({ autoOuts: [0, 10, 10] }), ["notice"]);
  assert.deepEqual(grades({ autoOuts: [5, 5, 5] }), []);
  assert.match(warnings({ autoOuts: [12] })[0].words, /^12 people were punched out automatically within one minute/);
});

test("refused beats warn from one in a hundred, and alert from one in ten, once there are enough to tell", () => {
  const beats = (taken, refused) => ({ beats: { taken, refused, share: taken / (taken + refused) } });
  assert.deepEqual(grades(beats(995, 5)), []);
  assert.deepEqual(grades(beats(98, 2)), ["notice"]);
  assert.deepEqual(grades(beats(80, 20)), ["alert"]);
  assert.deepEqual(grades(beats(5, 5)), []);
});

test("alerts come before notices", () => {
  const known = { line: "The feed is lost.", lagMs: 1_500, ends: { ended: 10, timeout: 9 }, server: { unwritten: 1, resyncs: 2, commands: 900 } };
  assert.deepEqual(grades(known), ["alert", "alert", "notice", "notice", "notice", "notice"]);
});
