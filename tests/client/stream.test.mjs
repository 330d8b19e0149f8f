import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Pass } from "../../client-wasm/js/pass.js";
import { eventReader, retryDelay, Stream } from "../../client-wasm/js/stream.js";

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

test("an event keeps every letter, those that end lines elsewhere too", () => {
  assert.equal(eventReader()("data: a\u2028b: c\n\n")[0].data, "a\u2028b: c");
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

/** A server that answers each request as the test says, and a stream from it that keeps what it is told. */
async function line(t, { token, position = null, answers }) {
  const asked = [];
  const server = createServer((request, response) => {
    const { authorization, "last-event-id": from } = request.headers;
    asked.push({ authorization, from });
    answers(response, asked.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const pass = new Pass(token);
  await pass.settle();
  const told = { asked, events: [], states: [], errors: [], signs: 0, strangers: 0 };
  const waiting = [];
  const look = () => waiting.filter((wait) => wait.isSo() && wait.done());
  const keep = (list) => (what) => (told[list].push(what), look());
  const stream = new Stream({
    url: `http://127.0.0.1:${server.address().port}/v1/feed`,
    pass,
    position: () => position,
    onEvent: (event) => ((position = event.id ?? position), keep("events")(event)),
    onState: keep("states"),
    onError: keep("errors"),
    onSign: () => ((told.signs += 1), look()),
    onStranger: () => ((told.strangers += 1), look()),
  });
  t.after(() => (stream.close(), server.closeAllConnections(), server.close()));
  /** Resolves once it is so. */
  const until = (isSo) => new Promise((done) => (waiting.push({ isSo: () => isSo(told), done }), look()));
  return { told, until, stream };
}

const FEED = { "content-type": "text/event-stream" };
const SNAPSHOT = 'id: 5-1\nevent: snapshot\ndata: {"members":[]}\n\n';

function refuse(response, status, error, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ error }));
}

test("a line that breaks is taken up where it was", async (t) => {
  const { told, until } = await line(t, {
    answers(response, number) {
      response.writeHead(200, FEED);
      if (number === 1) response.end(SNAPSHOT);
      else response.write('id: 5-2\nevent: join\ndata: {"member":{}}\n\n');
    },
  });
  await until(({ events }) => events.length === 2);
  assert.deepEqual(told.asked.map(({ from }) => from), [undefined, "5-1"]);
  assert.deepEqual(told.states.map(({ phase }) => phase), ["connecting", "live", "reconnecting", "live"]);
  assert.deepEqual(told.errors, [], "nobody is to blame");
});

test("a token is asked for again when the server no longer takes it, once", async (t) => {
  let number = 0;
  const { told, until } = await line(t, {
    token: () => (number++, "ann"),
    answers: (response) => refuse(response, 401, { code: "token_bad", message: "No.", retry: false }),
  });
  await until(({ states }) => states.at(-1)?.phase === "refused");
  assert.deepEqual([number, told.asked.map(({ authorization }) => authorization)], [2, ["Bearer ann", "Bearer ann"]]);
  assert.deepEqual(told.errors, [{ code: "token_bad", message: "No.", retry: false }]);
});

test("a new token that is somebody else's is not used for what the first one began", async (t) => {
  let number = 0;
  const { told, until, stream } = await line(t, {
    token: () => `person ${++number}`,
    answers: (response) => refuse(response, 401, { code: "token_bad", message: "No.", retry: false }),
  });
  await until(({ strangers }) => strangers === 1);
  stream.close();
  assert.deepEqual(told.asked.map(({ authorization }) => authorization), ["Bearer person 1"]);
});

test("a refusal is told in the server's words and not tried again", async (t) => {
  const { told, until } = await line(t, {
    answers: (response) => refuse(response, 403, { code: "not_allowed", message: "You may not.", retry: false }),
  });
  await until(({ states }) => states.at(-1)?.phase === "refused");
  assert.deepEqual(told.states.at(-1), { phase: "refused", message: "You may not." });
  assert.equal(told.asked.length, 1);
});

test("a server that is busy is asked again no sooner than it says", async (t) => {
  const { told, until } = await line(t, {
    answers: (response) => refuse(response, 503, { code: "busy", message: "Busy.", retry: true, retryAfterMs: 5_000 }),
  });
  await until(({ states }) => states.at(-1)?.phase === "reconnecting");
  assert.ok(told.states.at(-1).inMs > 5_000 && told.states.at(-1).inMs <= 6_000, JSON.stringify(told.states));
  assert.deepEqual(told.errors, [{ code: "busy", message: "Busy.", retry: true }]);
});

test("a proxy's refusal is understood by its status and header", async (t) => {
  const { told, until } = await line(t, {
    answers: (response) => response.writeHead(502, { "retry-after": "7" }).end("<h1>Bad Gateway</h1>"),
  });
  await until(({ states }) => states.at(-1)?.phase === "reconnecting");
  assert.ok(told.states.at(-1).inMs >= 7_000);
  assert.equal(told.errors[0].message, "the server answered 502");
});

test("a page in the place of a feed is no feed, and trying again would not help", async (t) => {
  const { told, until } = await line(t, {
    answers: (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>"),
  });
  await until(({ states }) => states.at(-1)?.phase === "refused");
  assert.match(told.errors[0].message, /there is no feed at .*\/v1\/feed \(it answers with text\/html\)/);
});

test("a token that cannot be had is asked for again later", async (t) => {
  let number = 0;
  const { told, until } = await line(t, {
    token() {
      if (++number === 2) throw new Error("no network");
      return "ann";
    },
    answers(response, asked) {
      if (asked === 1) refuse(response, 401, { code: "token_bad", message: "No.", retry: false });
      else response.writeHead(200, FEED).write(SNAPSHOT);
    },
  });
  await until(({ events }) => events.length === 1);
  assert.deepEqual(told.errors, [{ code: "token", message: "there is no token: no network", retry: true }]);
  assert.equal(number, 3);
});

test("reconnecting by hand does not wait, and does nothing to a line that is well", async (t) => {
  const { told, until, stream } = await line(t, {
    answers(response, number) {
      if (number === 1) refuse(response, 503, { code: "busy", message: "Busy.", retry: true, retryAfterMs: 3_600_000 });
      else response.writeHead(200, FEED).write(SNAPSHOT);
    },
  });
  await until(({ states }) => states.at(-1)?.phase === "reconnecting");
  stream.reconnect();
  await until(({ events }) => events.length === 1);
  stream.reconnect();
  assert.equal(told.asked.length, 2);
});

test("a closed stream says nothing more and holds no connection", async (t) => {
  let socket;
  const { told, until, stream } = await line(t, {
    answers: (response) => (socket = response.socket) && response.writeHead(200, FEED).write(SNAPSHOT),
  });
  await until(({ events }) => events.length === 1);
  const states = told.states.length;
  const gone = once(socket, "close");
  stream.close();
  await gone;
  assert.equal(told.states.length, states);
});
