import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence } from "../../www/log.js";
import { fold, lastSeen, NOBODY, order } from "../../www/roster.js";

const START = Date.parse("2026-11-21T14:00:00.000Z");
const at = (seconds) => new Date(START + seconds * 1_000).toISOString();

/** A member who came at second `since`. */
function member(user, more = {}) {
  return {
    channel: "site", user, status: "online", page: "/", sinceAt: at(0), lastSeenAt: at(0), lastActiveAt: at(0), sessions: 1,
    ...more,
  };
}

const snapshot = (members, seconds = 0) => ({ type: "snapshot", data: { nowAt: at(seconds), members } });
const join = (is, seconds = 0) => ({ type: "join", data: { at: at(seconds), member: is } });
const update = (is, seconds = 0) => ({ type: "update", data: { at: at(seconds), member: is } });
const leave = (user, seconds, reason = "closed") => ({
  type: "leave", data: { at: at(seconds), channel: "site", user, reason, lastSeenAt: at(seconds) },
});

/** Folds a story; expects who is left and what the log says. */
function check(story, { here, log }) {
  let roster = NOBODY;
  const told = [];
  for (const event of story) {
    const step = fold(roster, event);
    roster = step.roster;
    told.push(...step.notes.map((note) => `${note.user} ${sentence(note)}`));
  }
  assert.deepEqual([...roster.members.keys()], here);
  assert.deepEqual(told, log);
  return roster;
}

test("the first snapshot tells no arrivals, for nobody has just come", () => {
  const roster = check([snapshot([member("ann"), member("bob")])], { here: ["ann", "bob"], log: [] });
  assert.equal(roster.isKnown, true);
  assert.equal(NOBODY.isKnown, false);
});

test("a join adds, a leave removes and says how and after how long", () => {
  check([snapshot([]), join(member("ann")), leave("ann", 192)], { here: [], log: ["ann joined", "ann left, closed after 3m 12s"] });
});

test("every reason of a leave has its own words", () => {
  const words = (reason) => {
    const { notes } = fold(fold(NOBODY, snapshot([member("ann")])).roster, leave("ann", 48, reason));
    return sentence(notes[0]);
  };
  assert.equal(words("timeout"), "left, fell silent after 48s");
  assert.equal(words("signed_out"), "left, signed out after 48s");
  assert.equal(words("removed"), "was removed");
  assert.equal(words("evaporated"), "left after 48s");
});

test("an update tells what has changed: status, page, tabs", () => {
  check(
    [
      snapshot([member("ann")]),
      update(member("ann", { status: "away" })),
      update(member("ann", { status: "online", page: "/orders" })),
      update(member("ann", { page: "/orders", sessions: 2 })),
      update(member("ann", { page: "/orders" })),
    ],
    { here: ["ann"], log: ["ann went away", "ann came back", "ann moved to /orders", "ann has 2 tabs open", "ann is down to one tab"] },
  );
});

test("an update that changes nothing to be seen is not told", () => {
  check([snapshot([member("ann")]), update(member("ann", { lastSeenAt: at(30) }))], { here: ["ann"], log: [] });
});

test("a leave of somebody unknown changes nothing", () => {
  check([snapshot([member("ann")]), leave("bob", 5)], { here: ["ann"], log: [] });
});

test("a later snapshot is told as the difference", () => {
  const before = [member("ann", { lastSeenAt: at(60) }), member("bob"), member("cat")];
  const after = [member("bob"), member("cat", { status: "away" }), member("dan")];
  check([snapshot(before), snapshot(after, 90)], {
    here: ["bob", "cat", "dan"], log: ["ann left after 1m 00s", "cat went away", "dan joined"],
  });
});

test("an unknown kind of event changes nothing", () => {
  check([snapshot([member("ann")]), { type: "weather", data: { user: "ann" } }], { here: ["ann"], log: [] });
});

test("a fold leaves the roster before it as it was", () => {
  const before = fold(NOBODY, snapshot([member("ann")])).roster;
  fold(before, join(member("bob")));
  fold(before, leave("ann", 1));
  assert.deepEqual([...before.members.keys()], ["ann"]);
});

test("the list has me first, then the better status, then who came earlier", () => {
  const members = [
    member("zed", { sinceAt: at(1) }), member("bob", { status: "offline" }), member("cat", { status: "away" }),
    member("dan", { sinceAt: at(9) }), member("me", { status: "away", sinceAt: at(99) }),
  ];
  assert.deepEqual(order(members, "me").map(({ user }) => user), ["me", "zed", "dan", "cat", "bob"]);
});

test("who is online was seen just now, however old the feed's last word is", () => {
  const now = START + 600_000;
  assert.equal(lastSeen(member("ann"), now), "seen just now");
  assert.equal(lastSeen(member("ann", { status: "away", lastActiveAt: at(300) }), now), "active 5m ago");
  assert.equal(lastSeen(member("ann", { status: "offline", lastSeenAt: at(540) }), now), "seen 1m ago");
});
