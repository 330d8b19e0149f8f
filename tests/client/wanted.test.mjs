import assert from "node:assert/strict";
import { test } from "node:test";
import { live, Wanted } from "../../client-wasm/js/wanted.js";

const base64 = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");
const token = (sub, iat) => `${base64({ alg: "HS256" })}.${base64({ sub, iat, exp: iat + 60 })}.signature${iat}`;

/** Of each wish after the first, whether it is another one. */
function changes(...wishes) {
  const wanted = new Wanted(["channel", "page"]);
  return wishes.map((options) => wanted.become(options)).slice(1);
}

test("a newer token of the same person is the same wish, and another person's is another", () => {
  const wishes = [token("ann", 1), token("ann", 2), token("bob", 3)].map((token) => ({ endpoint: "/v1", token }));
  assert.deepEqual(changes(...wishes), [false, true]);
});

test("what is written anew each time it is drawn is the same wish", () => {
  const wish = () => ({ token: () => "ann", activityEvents: ["input"] });
  assert.deepEqual(changes(wish(), wish()), [false]);
});

test("what can change under way is no other wish, and anything else is", () => {
  assert.deepEqual(changes({ channel: "a" }, { channel: "b", page: "/c" }, { endpoint: "/v2" }, { endpoint: "/v2", intervalMs: 1_000 }), [
    false, true, true,
  ]);
});

test("whoever signs out wants nothing, and the same one who comes back is another", () => {
  assert.deepEqual(changes({ token: "ann" }, { token: null }, null, { token: "ann" }), [true, false, true]);
});

test("two that want the same have the same key", () => {
  const [one, two] = [new Wanted(), new Wanted()];
  one.become({ token: token("ann", 1) });
  two.become({ token: token("ann", 2) });
  assert.equal(one.key, two.key);
});

test("the token that is asked for is the newest, whoever asks and whenever", async () => {
  const wanted = new Wanted();
  wanted.become({ endpoint: "/v1", token: token("ann", 1) });
  const options = live(wanted.options, () => wanted);
  assert.equal(await options.token(), token("ann", 1));
  wanted.become({ endpoint: "/v1", token: token("ann", 2) });
  assert.equal(await options.token(), token("ann", 2));
  wanted.become({ endpoint: "/v1", token: async () => "from afar" });
  assert.equal(await options.token(), "from afar");
  assert.equal(options.endpoint, "/v1");
});

test("without a token none is made up, so that a cookie counts", () => {
  const wanted = new Wanted();
  wanted.become({ endpoint: "/v1" });
  assert.deepEqual(live(wanted.options, () => wanted), { endpoint: "/v1" });
});
