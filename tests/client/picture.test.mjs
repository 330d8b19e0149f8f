import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture } from "../../client-wasm/js/picture.js";

const NOW = "2026-11-21T14:00:00.000Z";
const member = (user, more = {}) => ({ channel: "site", user, status: "online", page: "/", sessions: 1, ...more });

const snapshot = (id, ...members) => ({ type: "snapshot", id, data: { nowAt: NOW, members } });
const join = (id, user, more) => ({ type: "join", id, data: { at: NOW, member: member(user, more) } });
const update = (id, user, more) => ({ type: "update", id, data: { at: NOW, member: member(user, more) } });
const leave = (id, user, channel = "site") => ({ type: "leave", id, data: { at: NOW, channel, user, reason: "closed" } });
const counts = (channel, users) => ({ type: "counts", id: null, data: { at: NOW, channel, users, statuses: {} } });

/** A picture of a story. */
function drawn(...story) {
  const picture = new Picture();
  for (const told of story) picture.take(picture.place(told));
  return picture;
}

const users = (picture) => picture.members.map(({ user, status }) => `${user} ${status}`);

test("a snapshot and every change after it add up to who is here", () => {
  const picture = drawn(
    snapshot("5-1", member("ann"), member("bob")), join("5-2", "cat"), update("5-4", "ann", { status: "away" }), leave("5-5", "bob"),
  );
  assert.deepEqual(users(picture), ["ann away", "cat online"]);
  assert.deepEqual([picture.mark, picture.position], ["5-5", "5-5"]);
});

test("a later snapshot stands for everything before it", () => {
  assert.deepEqual(users(drawn(snapshot("5-1", member("ann")), snapshot("6-0", member("bob")))), ["bob online"]);
});

test("a person in two channels is there twice, and leaves each by itself", () => {
  const picture = drawn(snapshot("5-1", member("ann"), member("ann", { channel: "pms" })), leave("5-2", "ann", "pms"));
  assert.deepEqual(picture.members.map(({ channel }) => channel), ["site"]);
});

test("lists are the same until something changes, and then others", () => {
  const picture = drawn(snapshot("5-1", member("ann")));
  const before = picture.members;
  assert.equal(picture.members, before);
  picture.take(picture.place({ type: "punch", id: "5-2", data: { user: "ann", kind: "IN" } }));
  assert.equal(picture.members, before, "a punch moves nobody");
  picture.take(picture.place(join("5-3", "bob")));
  assert.notEqual(picture.members, before);
  assert.throws(() => picture.members.push(member("eve")), TypeError);
});

test("counts are kept by channel, and have no position to go on from", () => {
  const picture = drawn(
    { type: "snapshot", id: null, data: { nowAt: NOW, channels: [{ channel: "pms", users: 1, statuses: {} }] } },
    counts("pms", 2), counts("crm", 1),
  );
  assert.deepEqual(picture.counts, [{ channel: "pms", users: 2, statuses: {} }, { channel: "crm", users: 1, statuses: {} }]);
  assert.equal(picture.position, null);
});

test("what a newer server tells and nobody can read moves on the position", () => {
  const picture = drawn(snapshot("5-1", member("ann")), { type: "weather", id: "5-2", data: { sky: "blue" } }, { type: "join", id: "5-3", data: null });
  assert.deepEqual([users(picture), picture.position], [["ann online"], "5-3"]);
});

test("an event is taken once, whoever tells it, and however often", () => {
  const leader = drawn(snapshot("5-1"));
  const other = drawn(snapshot("5-1"));
  const event = leader.place(join("5-2", "ann"));
  assert.equal(other.take(event), "news");
  assert.equal(other.take(event), "known");
  // The next leader goes on from before it, and hears it from the server once more.
  assert.equal(leader.take(leader.place(join("5-2", "ann"))), "news");
  assert.equal(other.take({ ...event }), "known");
});

test("an event with one missing before it waits for that one", () => {
  const leader = drawn(snapshot("5-1"));
  const other = drawn(snapshot("5-1"));
  const [first, second] = [leader.place(join("5-2", "ann")), null];
  leader.take(first);
  const next = second ?? leader.place(leave("5-3", "ann"));
  assert.equal(other.take(next), "gap");
  assert.equal(other.mark, "5-1");
  leader.take(next);
  assert.deepEqual(leader.since("5-1").map((event) => other.take(event)), ["news", "news"]);
  assert.equal(other.mark, "5-3");
});

test("whoever knows nothing begins with nothing but a snapshot", () => {
  const leader = drawn(snapshot("5-1"));
  assert.equal(new Picture().take(leader.place(join("5-2", "ann"))), "gap");
});

test("what was long ago is told by a copy, and a copy of what is known is no news", () => {
  const leader = drawn(snapshot("5-1", member("ann")));
  for (let n = 2; n < 300; n++) leader.take(leader.place(update(`5-${n}`, "ann", { page: `/${n}` })));
  assert.equal(leader.since("5-1"), null);
  assert.equal(leader.since("5-290").length, 9);
  const other = drawn(snapshot("5-1", member("ann"), member("bob")));
  assert.equal(other.adopt(leader.copy()), true);
  assert.deepEqual(other.members, leader.members);
  assert.equal(other.position, "5-299");
  assert.equal(other.adopt(leader.copy()), false);
  assert.equal(other.take(leader.place(join("5-300", "cat"))), "news");
});

test("an older copy does not take anybody back", () => {
  const behind = drawn(snapshot("5-1", member("ann")));
  const ahead = drawn(snapshot("5-1", member("ann")), join("5-2", "bob"));
  assert.equal(ahead.adopt(behind.copy()), false);
  assert.deepEqual(users(ahead), ["ann online", "bob online"]);
});

test("nobody copies what is not known", () => {
  assert.equal(new Picture().copy(), null);
});

test("a copy says what the server's clock shows when it is made, not when the snapshot was", (t) => {
  const picture = drawn(snapshot("5-1"));
  const heard = performance.now();
  t.mock.method(performance, "now", () => heard + 90_000);
  const shown = Date.parse(picture.copy().nowAt) - Date.parse(NOW);
  assert.ok(shown >= 90_000 && shown < 91_000, `${shown}`);
});
