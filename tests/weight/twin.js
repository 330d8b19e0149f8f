// What a careful web developer writes in an afternoon instead: the same beats for the same server, in plain JavaScript.
//
// It is here to be weighed and timed, and nobody should ship it: it forgets what the network loses, a reload is a new
// session, and time asleep counts as time here.

const ACTIVITY = ["pointerdown", "pointermove", "keydown", "scroll", "touchstart", "wheel"];
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 120_000;
const IDLE_MS = 60_000;

/** Starts to beat; `stop()` ends it. */
export function start({ endpoint = "/v1", token, channel, page = location.pathname, onStatus = () => {} } = {}) {
  let session, began, visibleSince, seq, timer;
  let intervalMs = 10_000, hiddenIntervalMs = 75_000;
  let visible = [];
  let activeMs = 0, activeAt = -Infinity;
  let failures = 0, isStopped = false, known = typeof token === "string" ? token : undefined;

  const now = () => Math.round(performance.now() - began);

  const begin = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    session = btoa(String.fromCharCode(...bytes)).slice(0, 22).replaceAll("+", "-").replaceAll("/", "_");
    began = performance.now();
    seq = 0, visible = [], activeMs = 0;
    visibleSince = document.hidden ? null : 0;
  };

  const state = () => document.hidden ? "hidden" : document.hasFocus() ? "active" : "passive";

  const body = (as) => {
    const t = now();
    const open = visibleSince === null ? [] : [[visibleSince, t]];
    const nextMs = as === "closed" ? undefined : as === "hidden" ? hiddenIntervalMs ?? undefined : intervalMs;
    return JSON.stringify({
      session, seq: ++seq, t, state: as, nextMs, visible: [...visible, ...open].slice(-20), activeMs: Math.min(activeMs, t),
      channel, page, token: known,
    });
  };

  const wait = (ms) => {
    clearTimeout(timer);
    if (!isStopped && ms !== null) timer = setTimeout(beat, ms);
  };

  const again = (least = 0) => {
    // Full jitter: a server that comes back is not met by everybody at once.
    const most = Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** failures++);
    wait(Math.max(least, Math.random() * most));
  };

  async function beat() {
    clearTimeout(timer);
    try {
      if (typeof token === "function") known ??= await token();
      const answer = await fetch(`${endpoint}/beat`, { method: "POST", body: body(state()), keepalive: true });
      if (answer.ok) {
        failures = 0;
        const said = await answer.json();
        ({ intervalMs, hiddenIntervalMs } = said);
        onStatus(said.status);
        wait(document.hidden ? hiddenIntervalMs : intervalMs);
      } else if (answer.status === 410) {
        begin();
        again();
      } else {
        if (answer.status === 401) known = typeof token === "string" ? token : undefined;
        if ([401, 429].includes(answer.status) || answer.status >= 500) again(1_000 * (answer.headers.get("retry-after") ?? 0));
      }
    } catch {
      again();
    }
  }

  const look = () => {
    if (document.hidden && visibleSince !== null) {
      visible = [...visible, [visibleSince, now()]].slice(-20);
      visibleSince = null;
    } else if (!document.hidden) visibleSince ??= now();
    beat();
  };

  const leave = () => {
    const last = body("closed");
    if (!navigator.sendBeacon(`${endpoint}/beat`, last)) fetch(`${endpoint}/beat`, { method: "POST", body: last, keepalive: true });
  };

  const note = () => {
    const at = performance.now();
    if (at - activeAt < 1_000) return;
    activeMs += Math.round(Math.min(at - activeAt, IDLE_MS));
    activeAt = at;
  };

  const life = { visibilitychange: look, focus: look, blur: look, online: beat, pagehide: leave, pageshow: (event) => event.persisted && (begin(), beat()) };
  for (const [kind, act] of Object.entries(life)) addEventListener(kind, act, true);
  for (const kind of ACTIVITY) addEventListener(kind, note, { capture: true, passive: true });
  begin();
  beat();
  return {
    beatNow: beat,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      leave();
      for (const [kind, act] of Object.entries(life)) removeEventListener(kind, act, true);
      for (const kind of ACTIVITY) removeEventListener(kind, note, true);
    },
  };
}
