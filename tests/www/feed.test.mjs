import assert from "node:assert/strict";
import { test } from "node:test";
import { eventReader, retryDelay } from "../../www/feed.js";

const STREAM = [
  ": keep-alive\n\n",
  'id: 5-1\nevent: snapshot\ndata: {"members":[]}\n\n',
  "event: leave\ndata: one\ndata: two\nid:5-2\n\n",
  "id: 5-3\n\n",
  "data: ünï\r\n\r\n",
].join("");

const EVENTS = [
  { type: "snapshot", id: "5-1", data: '{"members":[]}' },
  { type: "leave", id: "5-2", data: "one\ntwo" },
  { type: "message", id: "5-3", data: "ünï" },
];

test("a stream is read the same however it is cut", () => {
  for (const size of [1, 2, 3, 7, 1_000]) {
    const read = eventReader();
    const events = [];
    for (let from = 0; from < STREAM.length; from += size) events.push(...read(STREAM.slice(from, from + size)));
    assert.deepEqual(events, EVENTS, `in pieces of ${size}`);
  }
});

test("an event is given only once it is complete", () => {
  const read = eventReader();
  assert.deepEqual(read("event: join\ndata: {}"), []);
  assert.deepEqual(read("\n"), []);
  assert.deepEqual(read("\n"), [{ type: "join", id: null, data: "{}" }]);
});

test("comments and events without text are no events", () => {
  assert.deepEqual(eventReader()(": hello\n\nevent: join\n\n"), []);
});

test("a retry waits between a moment and a ceiling that doubles up to half a minute", () => {
  const most = () => 1;
  assert.deepEqual([0, 1, 2, 3, 4, 5, 20].map((n) => retryDelay(n, most)), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(retryDelay(9, () => 0), 200);
  assert.equal(retryDelay(2, () => 0.5), 2_000);
});
