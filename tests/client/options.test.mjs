// What a web developer may set, and what they are told when it cannot be meant.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, read, wrong } from "../../client-wasm/js/options.js";

/** What somebody is told who starts a heart with these options. */
function told(options) {
  try {
    read(options);
    return null;
  } catch (thrown) {
    assert.ok(thrown instanceof TypeError, String(thrown));
    return thrown.message;
  }
}

test("nothing need be set, and what is not there yet counts as left out", () => {
  assert.equal(read({}).url, "/v1/beat");
  assert.equal(told({ token: null, channel: undefined, page: null, intervalMs: null, whenHidden: undefined }), null);
  assert.equal(read({ endpoint: undefined, token: null }).url, "/v1/beat");
});

test("an endpoint may end with a slash or without", () => {
  assert.equal(read({ endpoint: "https://example.com/v1" }).url, "https://example.com/v1/beat");
  assert.equal(read({ endpoint: "https://example.com/v1/" }).url, "https://example.com/v1/beat");
});

test("a token that is a function is asked for", () => {
  assert.equal(read({ token: () => "ann" }).token, "");
  assert.equal(read({ token: "ann" }).token, "ann");
});

test("each word for hidden pages has the engine's number", () => {
  assert.deepEqual(["pause", "beat", "leave"].map((whenHidden) => read({ whenHidden }).whenHidden), [1, 2, 3]);
});

test("a wrong option is named with what it must be and what it is", () => {
  const sentences = [
    [{ endpoint: "" }, 'endpoint must be a URL or a path such as /v1, and is ""'],
    [{ token: { secret: 17 } }, "token must be a string or a function that gives one, and is object"],
    [{ channel: "two words" }, 'channel must be 1 to 96 letters, digits or any of . _ : - / @, and is "two words"'],
    [{ page: "/a\nb" }, 'page must be a path without control characters, and is "/a\\nb"'],
    [{ intervalMs: "5000" }, 'intervalMs must be a number from 500 to 86400000, and is "5000"'],
    [{ intervalMs: 499 }, "intervalMs must be a number from 500 to 86400000, and is 499"],
    [{ whenHidden: "sleep" }, 'whenHidden must be pause or beat or leave, and is "sleep"'],
    [{ credentials: () => "include" }, "credentials must be include or same-origin or omit, and is function"],
    [{ debug: "false" }, 'debug must be true or false, and is "false"'],
  ];
  for (const [options, sentence] of sentences) assert.equal(told(options), `stillhere: ${sentence}`);
});

test("an option that does not exist is told with those that do", () => {
  const all =
    "endpoint, token, channel, page, intervalMs, whenHidden, hiddenTimer, idleAfterMs, activityEvents, respectGpc, " +
    "credentials, debug";
  for (const name of ["chanel", "constructor"]) {
    assert.equal(told({ [name]: 1 }), `stillhere: there is no option ${name}; there are ${all}`);
  }
});

test("a long page is cut where a character ends", () => {
  assert.equal(cut("/orders/17?tab=1"), "/orders/17?tab=1");
  assert.equal(new TextEncoder().encode(cut("🫀/".repeat(300))).length, 255);
  assert.equal(cut("ü".repeat(300)), "ü".repeat(128));
});
