//! Which clock a page sees, and a record of everything that it sends.

/// Which clock a page sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    Real,
    /// One that only [`Browser::pass`](crate::browser::Browser::pass) moves.
    Fake,
}

impl Clock {
    /// What runs before any script of a page.
    #[must_use]
    pub fn script(self) -> String {
        match self {
            Self::Real => RECORDER.to_owned(),
            Self::Fake => format!("{FAKE_CLOCK}{RECORDER}"),
        }
    }
}

/// `window.test.pass(ms)` lets time pass: timers fire in order, and after each the page gets its answers.
/// `test.sleep(ms)` is a sleep of the machine through which only the wall clock goes on; through
/// `test.sleepOnBothClocks(ms)` the page's own does too. Either way no timer fires before time passes again.
const FAKE_CLOCK: &str = r"
{
  const test = window.test = { isFake: true };
  const began = Date.now();
  let now = 0, last = 0, slept = 0;
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
  Date.now = () => began + now + slept;
  test.sleep = (ms) => { slept += ms; };
  test.sleepOnBothClocks = (ms) => { now += ms; };

  // A message is a turn of the event loop that no fake clock stops. WebKit carries those of a channel through another
  // process; one to the window itself is quicker.
  const turns = [];
  addEventListener('message', (event) => { if (event.data === 'turn') turns.shift()(); });
  const turn = () => new Promise((done) => { turns.push(done); postMessage('turn', '*'); });
  const underWay = new Set();
  const settle = async () => {
    let rounds = 3;
    do {
      if (underWay.size) rounds = 20;
      await Promise.allSettled([...underWay]);
      for (let i = 0; i < rounds; i++) await turn();
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
  test.pass = pass;
  test.track = (promise) => { underWay.add(promise); promise.finally(() => underWay.delete(promise)).catch(() => {}); };
}
";

/// `window.test.sent` holds every beat with its means and the time it went out; each is told by an event, `test`.
/// `test.faults` is what was thrown and caught by nobody.
/// `test.import` is for scripts that come from outside of the page and cannot import what is in it.
const RECORDER: &str = r"
{
  const test = window.test ??= { track: () => {} };
  test.sent = [];
  test.faults = [];
  addEventListener('error', ({ message }) => test.faults.push(message));
  addEventListener('unhandledrejection', ({ reason }) => test.faults.push(String(reason)));
  test.import = (url) => import(url);
  const { fetch, navigator: { sendBeacon } } = window;
  const note = (means, url, body) => {
    if (!String(url).includes('/beat')) return;
    const beat = JSON.parse(body);
    delete beat.token;
    test.sent.push({ means, at: performance.now(), ...beat });
    dispatchEvent(new Event('test'));
  };
  window.fetch = (url, options = {}) => {
    if (options.method === 'POST') note('fetch', url, options.body);
    const answer = fetch(url, options);
    if (options.method === 'POST') test.track(answer.then((whole) => whole.clone().arrayBuffer()));
    return answer;
  };
  if (sendBeacon) Navigator.prototype.sendBeacon = function (url, body) {
    note('beacon', url, body);
    return sendBeacon.call(this, url, body);
  };
}
";
