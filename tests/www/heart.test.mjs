import assert from "node:assert/strict";
import { test } from "node:test";
import { hear, outlook, pageState, seenAs, STILL } from "../../www/heart.js";

/** A heart after a story of `[kind, said]`, one step a second. */
function heartOf(...story) {
  return story.reduce((heart, [kind, said], step) => hear(heart, kind, said, step * 1_000), STILL);
}

const started = ["started", { inMs: 0, why: "page" }];
const answered = ["beat", { seq: 1, state: "active", nextMs: 10_000, ok: true, tookMs: 4 }];
const missed = ["beat", { seq: 2, state: "active", nextMs: 10_000, ok: false, tookMs: 9 }];
const waiting = (inMs, why) => ["wait", { inMs, why }];

/** What the card says at `now`. */
function check(heart, now, { when, why, left }) {
  const said = outlook(heart, now);
  assert.equal(said.when, when);
  assert.match(said.why, why);
  if (left !== undefined) assert.equal(said.left, left);
}

test("before the client is there, the first beat is announced and nobody has stopped", () => {
  check(STILL, 0, { when: "First beat", why: /as soon as the client is loaded/ });
  assert.equal(seenAs(STILL), "not seen yet");
});

test("the countdown runs from when the wait was told, and its ring empties with it", () => {
  const heart = heartOf(started, answered, waiting(10_000, "interval"));
  check(heart, 2_000, { when: "Next beat in 10s", why: /in view, so it beats every 10s/, left: 1 });
  check(heart, 7_000, { when: "Next beat in 5s", why: /in view/, left: 0.5 });
  check(heart, 13_000, { when: "Beating", why: /in view/, left: 0 });
});

test("every reason of the client has words of its own", () => {
  for (const why of ["interval", "hidden", "retry", "answer", "page", "returned", "asked", "throttled", "paused", "refused", "stopped"]) {
    assert.doesNotMatch(outlook(heartOf(started, waiting(1_000, why)), 1_000).why, /The reason is/, why);
  }
  assert.match(outlook(heartOf(started, waiting(1_000, "moonrise")), 1_000).why, /“moonrise”/);
});

test("a beat that is answered quickly never reads as waiting, a slow one does", () => {
  const heart = heartOf(started, waiting(10_000, "answer"));
  check(heart, 1_300, { when: "Beating", why: /under way/, left: 1 });
  check(heart, 4_000, { when: "Waiting for the answer", why: /under way/ });
});

test("a paused page has no next beat, whatever number comes with it", () => {
  for (const inMs of [Infinity, null, undefined, 5_000]) {
    check(heartOf(started, waiting(inMs, "paused")), 1_000, { when: "No next beat for now", why: /holds your place/, left: 0 });
  }
});

test("beats are counted as sent whether or not they are answered", () => {
  const { sent, answered: heard } = heartOf(started, answered, missed, answered);
  assert.deepEqual([sent, heard], [3, 2]);
});

test("a fault lasts until the next answer", () => {
  const error = ["error", { code: "network", message: "The server did not answer", retry: true }];
  assert.equal(seenAs(heartOf(started, ["status", { status: "online" }], error, missed)), "no answer");
  const mended = heartOf(started, ["status", { status: "online" }], error, missed, answered);
  assert.equal(mended.fault, null);
  assert.equal(seenAs(mended), "online");
});

test("a stopped heart says so, and one that could not start says that", () => {
  check(heartOf(started, answered, ["stopped"]), 5_000, { when: "No next beat", why: /You have stopped/, left: 0 });
  check(heartOf(["stopped", { message: "no such file" }]), 0, { when: "No next beat", why: /did not start/, left: 0 });
  assert.equal(seenAs(heartOf(started, answered, ["stopped"])), "stopped");
});

test("a new start counts from nothing", () => {
  const { sent, phase } = heartOf(started, answered, ["stopped"], started);
  assert.deepEqual([sent, phase], [0, "running"]);
});

test("the page's state is named as the Page Lifecycle does", () => {
  assert.equal(pageState("visible", true), "active");
  assert.equal(pageState("visible", false), "passive");
  assert.equal(pageState("hidden", true), "hidden");
});
