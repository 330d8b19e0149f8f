import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { chosen, systems } from "../../www/dashboard/systems.js";

const own = globalThis.fetch;
afterEach(() => (globalThis.fetch = own));

const answers = (answer) => (globalThis.fetch = async (address) => (assert.equal(address, "/demo/systems"), answer()));

const OURS = [{ name: "this server", endpoint: "/v1", metrics: "/metrics", pass: null }];

test("the systems of the demo are the ones that it lists, by names for people", async () => {
  answers(() => Response.json([
    { name: "punch-clock", endpoint: "/punch-clock/v1", metrics: "/punch-clock/v1/metrics", asksForTokens: true },
    { name: "demo", endpoint: "/v1", metrics: "/metrics", asksForTokens: false },
  ]));
  const all = await systems(null);
  assert.deepEqual(all, [
    { name: "punch clock", endpoint: "/punch-clock/v1", metrics: "/punch-clock/v1/metrics", pass: "punch-clock" },
    { name: "the demo page", endpoint: "/v1", metrics: "/metrics", pass: null },
  ]);
  assert.equal(chosen(all, "/v1").name, "the demo page");
  assert.equal(chosen(all, "/elsewhere/v1").name, "punch clock");
});

test("a server without such a list, or without an answer, is one system", async () => {
  answers(() => Response.json({ error: { code: "not_found" } }, { status: 404 }));
  assert.deepEqual(await systems(null), OURS);
  answers(() => new Response("<!doctype html>"));
  assert.deepEqual(await systems(null), OURS);
  answers(() => Promise.reject(new TypeError("no network")));
  assert.deepEqual(await systems("/presence/v1"), [{ ...OURS[0], endpoint: "/presence/v1" }]);
});
