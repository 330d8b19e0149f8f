// On a server the package is imported and its heart started like anywhere, and nothing comes of it.
import assert from "node:assert/strict";

const before = Reflect.ownKeys(globalThis).length;
const { start } = await import("stillhere");
const slim = await import("stillhere/slim");
await import("stillhere/script");

const heart = await start({ endpoint: "https://presence.example.com/v1", token: () => assert.fail("nobody asks") });
assert.equal(heart.isRunning, false);
assert.deepEqual([heart.session, heart.status, heart.next], [null, null, null]);
const mute = heart.on("beat", () => assert.fail("nothing beats"));
heart.beatNow();
heart.markActive();
heart.setChannel("orders");
heart.setPage("/orders/17");
heart.stop();
heart.signOut();
mute();
assert.equal(await slim.init(), false);
assert.equal((await slim.start()).isRunning, false);
assert.equal(Reflect.ownKeys(globalThis).length, before, "nothing is left on the global object");
assert.match(import.meta.resolve("stillhere/stillhere.wasm"), /\/stillhere\.wasm$/);
