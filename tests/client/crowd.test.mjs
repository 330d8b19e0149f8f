import assert from "node:assert/strict";
import { test } from "node:test";
import { hasRoom } from "../../client-wasm/js/crowd.js";

const FEED = "https://presence.example.com/v1/feed?channel=orders";
const loaded = (name, nextHopProtocol) => ({ name, nextHopProtocol });

test("a server that speaks HTTP/2 or 3 has room for every line", () => {
  for (const protocol of ["h2", "h3", "h3-29"]) {
    assert.equal(hasRoom(FEED, [loaded("https://presence.example.com/client/index.js", protocol)]), true, protocol);
  }
});

test("a server that speaks HTTP/1.1, or of which nothing is known, may have room for six", () => {
  assert.equal(hasRoom(FEED, []), false);
  assert.equal(hasRoom(FEED, [loaded("https://presence.example.com/", "http/1.1"), loaded("https://presence.example.com/", "")]), false);
  assert.equal(hasRoom(FEED, [loaded("https://elsewhere.example.com/", "h2")]), false);
  assert.equal(hasRoom(FEED, [loaded("https://presence.example.com.evil.example/", "h2")]), false);
});
