// What a server's answer means for the beat that it answers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { judge } from "../../client-wasm/js/answer.js";

const ACCEPTED = 1;
const RETRY = 2;
const ENDED = 3;
const REFUSED = 4;

/** What the engine is told of a refusal with this code. */
const refusal = (status, code, retry = false) => judge(status, { error: { code, retry, retryAfterMs: 7 } }).means;

test("an accepted beat brings the policy that the tab is to follow", () => {
  const answer = { status: "online", intervalMs: 10_000, hiddenIntervalMs: 75_000, nowMs: 1, savedSeq: 3 };
  assert.deepEqual(judge(200, answer), { means: [ACCEPTED, 10_000, 75_000, 3], status: "online" });
  assert.deepEqual(judge(200, { ...answer, hiddenIntervalMs: null }).means, [ACCEPTED, 10_000, 0, 3]);
});

test("a refusal ends the session, the beat or nothing", () => {
  assert.deepEqual(refusal(410, "session_ended"), [ENDED]);
  assert.deepEqual(refusal(403, "session_of_another"), [ENDED]);
  assert.deepEqual(refusal(401, "token_bad"), [RETRY, 7]);
  assert.deepEqual(refusal(401, "token_missing"), [RETRY, 7]);
  assert.deepEqual(refusal(0, "token_function"), [RETRY, 7]);
  assert.deepEqual(refusal(503, "store_down", true), [RETRY, 7]);
  assert.deepEqual(refusal(429, "too_many_sessions"), [RETRY, 7]);
  assert.deepEqual(refusal(408, "silent"), [RETRY, 7]);
  assert.deepEqual(refusal(500, "panic"), [RETRY, 7]);
  assert.deepEqual(refusal(404, "channel_unknown"), [REFUSED]);
  assert.deepEqual(refusal(400, "beat_bad"), [REFUSED]);
});

test("what is not from our server is no reason to give up", () => {
  for (const body of [undefined, null, "<html>", 7, {}, { error: null }, { error: "no" }, { error: { code: 404 } }]) {
    for (const status of [0, 200, 403, 404, 410]) {
      assert.deepEqual(judge(status, body), { means: [RETRY, 0], code: "no_answer", message: undefined });
    }
  }
});

test("a proxy's header is waited for, and our server's own number before it", () => {
  assert.deepEqual(judge(503, undefined, "30").means, [RETRY, 30_000]);
  assert.deepEqual(judge(503, { error: { code: "busy", retryAfterMs: 7 } }, "30").means, [RETRY, 7]);
  assert.deepEqual(judge(503, undefined, "Wed, 21 Oct 2026 07:28:00 GMT").means, [RETRY, 0]);
});
