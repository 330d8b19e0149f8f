import assert from "node:assert/strict";
import { test } from "node:test";
import { watch } from "../../client-wasm/js/watch.js";

test("on a server it is harmless", () => {
  const here = watch({ channel: "orders", token: () => assert.fail("nobody asks") });
  here.on("change", assert.fail);
  here.reconnect();
  assert.deepEqual([here.members, here.counts, here.isKnown], [[], [], false]);
  here.stop();
  assert.equal(here.state.phase, "stopped");
});

test("options that cannot be meant are refused in words that say what to change", () => {
  const wrong = [
    [{ chanel: "orders" }, /^stillhere: watch has no option chanel; its options are endpoint, token, channel,/],
    [{ channel: 7 }, /^stillhere: channel must be a string, and is 7$/],
    [{ users: "ann,bob" }, /^stillhere: users must be an array, and is "ann,bob"$/],
    [{ token: { secret: 7 } }, /token must be a string or a function, and is of the type object$/],
    [{ onChange: "draw" }, /onChange must be a function, and is "draw"/],
    [{ channel: "orders", user: "ann" }, /watch one of channel and user, and the others each by a watch of their own/],
    [{ user: "ann", counts: true }, /counts are of all channels or of one channel/],
  ];
  for (const [options, words] of wrong) assert.throws(() => watch(options), { name: "TypeError", message: words });
});

test("options that are left open are as if they were not there", () => {
  watch({ channel: undefined, user: null, token: null, counts: false }).stop();
});
