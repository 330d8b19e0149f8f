import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, Roll } from "../../www/dashboard/roll.js";

const member = (user, channel = "site", more = {}) => ({ user, channel, status: "online", page: "/", sessions: 1, ...more });
const snapshot = (...members) => ({ type: "snapshot", data: { members } });
const join = (is) => ({ type: "join", data: { member: is } });
const leave = (user, channel = "site") => ({ type: "leave", data: { user, channel } });

/** A roll after a story. */
function told(...story) {
  const roll = new Roll();
  for (const event of story) roll.take(event);
  return roll;
}

const names = (roll, wish) => roll.select(wish).map((key) => key.replace("\n", " in "));

test("the list stays in order by name and channel, whoever comes and goes", () => {
  const roll = told(snapshot(member("dan"), member("ann"), member("cat")), join(member("bob")), join(member("ann", "orders")), leave("dan"));
  assert.deepEqual(names(roll), ["ann in orders", "ann in site", "bob in site", "cat in site"]);
});

test("a list that somebody holds does not change under them", () => {
  const roll = told(snapshot(member("ann"), member("cat")));
  const before = roll.select();
  roll.take(join(member("bob")));
  roll.take(leave("ann"));
  assert.equal(before.length, 2);
});

test("a person in two channels counts once, their tabs all", () => {
  const roll = told(snapshot(member("ann", "site", { sessions: 2 }), member("ann", "orders")), join(member("bob")));
  assert.deepEqual([roll.people, roll.sessions], [2, 4]);
  roll.take(leave("ann", "orders"));
  assert.deepEqual([roll.people, roll.sessions], [2, 3]);
  roll.take(leave("ann"));
  assert.deepEqual([roll.people, roll.sessions], [1, 1]);
});

test("channels are told fullest first with their statuses, and none when nobody is left", () => {
  const roll = told(snapshot(member("ann"), member("bob", "orders"), member("cat", "orders", { status: "away" })));
  assert.deepEqual(roll.channels().map(({ channel, users }) => [channel, users]), [["orders", 2], ["site", 1]]);
  assert.deepEqual(Object.fromEntries(roll.statuses()), { online: 2, away: 1 });
  roll.take(leave("ann"));
  assert.deepEqual(roll.channels().map(({ channel }) => channel), ["orders"]);
});

test("an update takes the place of what was known, and counts once", () => {
  const roll = told(snapshot(member("ann")), { type: "update", data: { member: member("ann", "site", { status: "away", sessions: 3 }) } });
  assert.deepEqual([roll.people, roll.sessions, roll.member(keyOf("site", "ann")).status], [1, 3, "away"]);
  assert.deepEqual(Object.fromEntries(roll.statuses()), { away: 1 });
});

test("a channel, a status and a piece of a name choose who is shown", () => {
  const roll = told(snapshot(member("Ann"), member("joanna", "orders"), member("bob", "orders", { status: "away" })));
  assert.deepEqual(names(roll, { channel: "orders" }), ["bob in orders", "joanna in orders"]);
  assert.deepEqual(names(roll, { text: "ANN" }), ["Ann in site", "joanna in orders"]);
  assert.deepEqual(names(roll, { channel: "orders", status: "away" }), ["bob in orders"]);
});

test("where somebody is, is found among thousands, and nobody with a longer name", () => {
  const roll = told(snapshot(...Array.from({ length: 2_000 }, (_, at) => member(`user-${at}`)), member("user-1", "orders")));
  assert.deepEqual(roll.of("user-1").map(({ channel }) => channel), ["orders", "site"]);
  assert.deepEqual(roll.of("user"), []);
});

test("a leave of somebody unknown, and an unknown event, ask for no draw", () => {
  const roll = told(snapshot(member("ann")));
  assert.equal(roll.take(leave("bob")), false);
  assert.equal(roll.take({ type: "weather", data: {} }), false);
  assert.equal(roll.people, 1);
});
