// Options as markup says them.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { optionsIn } from "../../client-wasm/js/attributes.js";
import { wrong } from "../../client-wasm/js/options.js";

test("each attribute is what its option can be", () => {
  const read = optionsIn({ endpoint: "/v1", channel: "17", intervalMs: "60000", whenHidden: "beat", debug: "" });
  assert.deepEqual(read, { endpoint: "/v1", channel: "17", intervalMs: 60_000, whenHidden: "beat", debug: true });
  assert.equal(optionsIn({ debug: "false" }).debug, false);
});

test("a list is its words", () => {
  assert.deepEqual(optionsIn({ activityEvents: "scroll keydown" }), { activityEvents: ["scroll", "keydown"] });
});

test("a token is a text, whatever it looks like", () => {
  for (const token of ["17", "true", "false"]) assert.deepEqual(optionsIn({ token }), { token });
});

test("attributes of others are left to them", () => {
  assert.deepEqual(optionsIn({ cfasync: "false", turboTrack: "reload", constructor: "x" }), {});
});

test("what no option can be is left for its developer to see", () => {
  const { intervalMs } = optionsIn({ intervalMs: "soon" });
  assert.match(wrong("intervalMs", intervalMs), /intervalMs must be a number .* and is "soon"/);
});

beforeEach(() => {
  globalThis.window = {};
});

afterEach(() => {
  delete globalThis.window;
});

test("a token comes from the page's own function, which may come later than the script", async () => {
  const { token } = optionsIn({ tokenFrom: "whoItIs" });
  globalThis.window.whoItIs = async () => "ann";
  assert.equal(await token(), "ann");
});

test("a function that is not there is an error of its token, and not of the page", async () => {
  await assert.rejects(optionsIn({ tokenFrom: "nobody" }).token(), TypeError);
});

test("a token comes from a URL, and a refusal is none", async (t) => {
  t.mock.method(globalThis, "fetch", async (url) => new Response("ann", { status: url === "/token" ? 200 : 403 }));
  assert.equal(await optionsIn({ tokenFrom: "/token" }).token(), "ann");
  await assert.rejects(optionsIn({ tokenFrom: "/elsewhere" }).token(), /no token from \/elsewhere: 403/);
});
