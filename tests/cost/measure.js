// One visit of one way to beat: what it costs is in `window.found` when the page says that it is over.

const began = performance.now();
const asked = new URLSearchParams(location.search);
const options = { endpoint: "/v1", token: "ann", channel: "site" };

const WAYS = {
  index: async () => (await import("/client/index.js")).start(options),
  slim: async () => {
    const { init, start } = await import("/client/slim.js");
    await init();
    return start(options);
  },
  twin: async () => (await import("/twin.js")).start(options),
};
const start = WAYS[asked.get("way")];

const BURST = 1_000;
const BEATS = 400;

/** The first beat's entry in the browser's own record: with the moment at which it went out. */
const firstBeat = new Promise((found) => {
  new PerformanceObserver((list, observer) => {
    const beat = list.getEntries().find(({ name }) => name.endsWith("/v1/beat"));
    if (!beat) return;
    observer.disconnect();
    found(beat);
  }).observe({ type: "resource", buffered: true });
});

/** A turn of the event loop. */
const { port1, port2 } = new MessageChannel();
const turn = () => new Promise((done) => {
  port1.onmessage = done;
  port2.postMessage(0);
});

const VISITS = {
  async start() {
    start();
    return { firstBeatMs: (await firstBeat).requestStart - began };
  },

  /** Turns come one after the other, so the longest gap between two is the longest time that something else took. */
  async tasks() {
    let isOver = false, longest = 0;
    firstBeat.then(() => (isOver = true));
    // What the page itself does in its first moments is nobody's cost.
    for (let turns = 0; turns < 1_000; turns++) await turn();
    start();
    let last = performance.now();
    while (!isOver) {
      await turn();
      const at = performance.now();
      longest = Math.max(longest, at - last);
      last = at;
    }
    return { longestTaskMs: longest };
  },

  async work() {
    const memories = watchMemories();
    const network = standIn();
    const clock = leap();
    for (let rounds = 0; rounds < 5; rounds++) burst();
    const idle = median(Array.from({ length: 9 }, burst));
    await network.turn(BEATS);
    const nothing = await network.turn(BEATS);
    const heart = await start();
    await firstBeat;
    await turn();
    const pages = memories.pages();
    const busy = burst();
    network.isClosed = true;
    const beat = () => (clock.pass(20_000), heart.beatNow());
    await network.turn(BEATS, beat);
    const before = network.beats;
    const beating = await network.turn(BEATS, beat);
    const beats = network.beats - before;
    if (beats !== BEATS) throw new Error(`${beats} beats went out, and ${BEATS} were asked for`);
    return { eventsMs: busy - idle, beatMs: beating - nothing, pages };
  },
};

/** How long it takes to tell the page of a thousand movements. */
function burst() {
  const events = Array.from({ length: BURST }, () => new Event("pointermove", { bubbles: true }));
  const at = performance.now();
  for (const event of events) document.body.dispatchEvent(event);
  return performance.now() - at;
}

/** Once closed, it answers at once and nothing goes out: what is left is the client's own work. */
function standIn() {
  const { fetch } = window;
  const network = { isClosed: false, beats: 0 };
  window.fetch = (url, how) => {
    if (!network.isClosed || how?.method !== "POST") return fetch(url, how);
    network.beats += 1;
    const said = { status: "online", intervalMs: 10_000, hiddenIntervalMs: 75_000, nowMs: Date.now(), savedSeq: JSON.parse(how.body).seq };
    return Promise.resolve({ ok: true, status: 200, headers: new Headers(), json: () => Promise.resolve(said) });
  };
  /** How long a turn takes with something to do: by tens, as the clock is coarse, and the median, as machines are busy. */
  network.turn = async (count, act = () => {}) => {
    const tens = [];
    while (tens.length < count / 10) {
      const at = clockOfTheMachine();
      for (let done = 0; done < 10; done++) {
        act();
        await turn();
      }
      tens.push(clockOfTheMachine() - at);
    }
    return median(tens) / 10;
  };
  return network;
}

const clockOfTheMachine = performance.now.bind(performance);

/** Nobody beats as often as is measured here; so the page's clock leaps. */
function leap() {
  let passed = 0;
  performance.now = () => clockOfTheMachine() + passed;
  return { pass: (ms) => (passed += ms) };
}

/** Every memory that a module of wasm brings. */
function watchMemories() {
  const found = new Set();
  const look = ({ exports }) => Object.values(exports).filter((it) => it instanceof WebAssembly.Memory).forEach((it) => found.add(it));
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const make = WebAssembly[name];
    WebAssembly[name] = async (...all) => {
      const made = await make.apply(WebAssembly, all);
      look(made.instance ?? made);
      return made;
    };
  }
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(...all) {
      super(...all);
      look(this);
    }
  };
  return { pages: () => [...found].reduce((sum, { buffer }) => sum + buffer.byteLength / 65_536, 0) };
}

function median(figures) {
  return figures.sort((a, b) => a - b)[figures.length >> 1];
}

VISITS[asked.get("visit")]()
  .then((found) => (window.found = found), (why) => (window.found = { why: String(why.stack ?? why) }))
  .then(() => (document.documentElement.dataset.over = ""));
