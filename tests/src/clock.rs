//! A clock for pages that stands still until the test moves it, and a record of everything that a page sends.

/// Runs before any script of the page. `window.test.pass(ms)` lets time pass: timers fire in order, and after each
/// the page gets its answers. `window.test.sent` holds every beat with its means and the time it went out.
pub const FAKE_CLOCK: &str = r"
{
  const began = Date.now();
  let now = 0, last = 0;
  const timers = new Map();
  const arm = (every) => (run, ms = 0, ...rest) => {
    timers.set(++last, { at: now + Math.max(0, +ms || 0), every: every && Math.max(1, +ms || 1), run: () => run(...rest) });
    return last;
  };
  const disarm = (id) => { timers.delete(id); };
  window.setTimeout = arm(false);
  window.setInterval = arm(true);
  window.clearTimeout = window.clearInterval = disarm;
  performance.now = () => now;
  Date.now = () => began + now;

  // A message is a turn of the event loop that no fake clock stops.
  const turn = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); done(); };
    port2.postMessage(0);
  });
  const underWay = new Set();
  const settle = async () => {
    let turns = 3;
    do {
      if (underWay.size) turns = 20;
      await Promise.allSettled([...underWay]);
      for (let i = 0; i < turns; i++) await turn();
    } while (underWay.size);
  };
  const pass = async (ms) => {
    const end = now + ms;
    await settle();
    for (;;) {
      const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      const [id, timer] = due;
      now = Math.max(now, timer.at);
      if (timer.every) timer.at = now + timer.every; else timers.delete(id);
      timer.run();
      await settle();
    }
    now = end;
  };
  window.test = { pass, settle, sent: [], isFake: true };
  window.test.track = (promise) => { underWay.add(promise); promise.finally(() => underWay.delete(promise)).catch(() => {}); };
}
";

/// The record without the clock, for stories in real time.
pub const RECORDER: &str = r"
{
  const test = window.test ??= { sent: [], track: () => {} };
  const { fetch, navigator: { sendBeacon } } = window;
  const note = (means, url, body) => {
    if (!String(url).includes('/beat')) return;
    const beat = JSON.parse(body);
    delete beat.token;
    test.sent.push({ means, at: performance.now(), ...beat });
  };
  window.fetch = (url, options = {}) => {
    if (options.method === 'POST') note('fetch', url, options.body);
    const answer = fetch(url, options);
    if (options.method === 'POST') test.track(answer.then((whole) => whole.clone().arrayBuffer()));
    return answer;
  };
  Navigator.prototype.sendBeacon = function (url, body) {
    note('beacon', url, body);
    return sendBeacon.call(this, url, body);
  };
}
";
