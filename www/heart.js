// This tab's own heart: what the client does, when it will do it next, and why.

import { asSentence, countdown, length, shortId } from "./format.js";
import { field, isCalm, text } from "./markup.js";
import { Trace } from "./trace.js";

/** An answer takes milliseconds; a label that flips to "waiting" and back with every beat only flickers. */
const PATIENCE_MS = 600;

/** Each input counts as "active" for this long, as in the client: reading follows scrolling. */
const ACTIVE_MS = 5_000;

const NO_TIME = { hereMs: 0, visibleMs: 0, activeMs: 0 };

/** A heart that has not begun to beat. Its phases: starting, running, stopped. */
export const STILL = Object.freeze({
  phase: "starting", status: null, sent: 0, answered: 0, everyMs: null, next: null, fault: null,
});

/** Takes one thing that the client says, at an instant, and gives the heart after it. */
export function hear(heart, kind, said, at) {
  switch (kind) {
    case "started":
      return { ...STILL, phase: "running", next: said && { ...said, from: at } };
    case "stopped":
      return { ...heart, phase: "stopped", status: null, next: null, fault: said ?? null };
    case "status":
      return { ...heart, status: said.status };
    case "wait":
      return { ...heart, next: { ...said, from: at } };
    case "beat": {
      const sent = heart.sent + 1;
      if (!said.ok) return { ...heart, sent };
      return { ...heart, sent, answered: heart.answered + 1, everyMs: said.nextMs ?? heart.everyMs, fault: null };
    }
    case "error":
      return { ...heart, fault: said };
    default:
      return heart;
  }
}

/** `{when, why, left}`: the countdown, its reason in plain words, and the share of the wait that is left (0 to 1). */
export function outlook(heart, now) {
  if (heart.phase === "stopped") {
    const why = heart.fault ? "The client did not start." : "You have stopped. Nothing is sent until you start again.";
    return { when: "No next beat", why, left: 0 };
  }
  if (!heart.next) return { when: "First beat", why: "It goes out as soon as the client is loaded.", left: 1 };
  const { inMs, why, from } = heart.next;
  const words = reason(why, heart);
  if (!Number.isFinite(inMs) || REST.has(why)) return { when: "No next beat for now", why: words, left: 0 };
  const leftMs = Math.max(0, from + inMs - now);
  const left = inMs > 0 ? leftMs / inMs : 0;
  if (why === "answer") {
    return now - from > PATIENCE_MS
      ? { when: "Waiting for the answer", why: words, left }
      : { when: "Beating", why: words, left: 1 };
  }
  return { when: leftMs > 0 ? `Next beat in ${countdown(leftMs)}` : "Beating", why: words, left };
}

/** Waits that nothing but the visitor or the page ends. */
const REST = new Set(["paused", "refused", "stopped"]);

function reason(why, { everyMs }) {
  const every = everyMs ? `every ${length(everyMs)}` : "at the pace that the server set";
  const words = {
    interval: `The page is in view, so it beats ${every}.`,
    hidden: `The page is hidden, where browsers slow timers down, so it beats ${every}.`,
    retry: "The last beat got no answer. It is tried again, each time a little later.",
    answer: "A beat is under way; its answer is still to come.",
    page: "The page has just been shown, hidden or loaded, and that is told at once.",
    returned: "You are back after a while, and that is told at once.",
    asked: "You asked for it.",
    throttled: "Many beats at once; this one waits its turn.",
    paused: "Nothing is sent while the page is away; the server holds your place.",
    refused: "The server refused the last beat, and trying again would not help.",
    stopped: "The client was stopped.",
  };
  // A newer client may have a reason that is not known here; it is shown as it comes.
  return words[why] ?? `The reason is “${why}”.`;
}

/** What the server holds this tab for, in one word. */
export function seenAs({ phase, status, sent, answered, fault }) {
  if (phase === "stopped") return "stopped";
  if (fault) return "no answer";
  return status ?? (sent > answered ? "no answer" : "not seen yet");
}

/** The page's state by the Page Lifecycle's names. */
export function pageState(visibility, hasFocus) {
  if (visibility === "hidden") return "hidden";
  return hasFocus ? "active" : "passive";
}

const STATE_WORDS = {
  active: "in view and in use",
  passive: "in view, but another window has the focus",
  hidden: "out of sight",
};

/** The card on the page. `beforeStart()` gives the client's options, `onFirstAnswer()` is called once. */
export class Heart {
  #load;
  #options;
  #onFirstAnswer;
  #heart = STILL;
  #handle = null;
  #starting = null;
  #deafen = [];
  #parts;
  #trace;
  #watch = { at: performance.now(), isVisible: true, inputAt: -Infinity, ...NO_TIME };
  #recorded = { ...NO_TIME };

  constructor(root, { load, options, onFirstAnswer, clock }) {
    this.#load = load;
    this.#options = options;
    this.#onFirstAnswer = onFirstAnswer;
    const names = ["drawing", "pulse", "ring", "ripple", "when", "why", "state", "state-words", "status", "session", "sent",
      "answered", "here", "visible", "active", "fault", "beat", "toggle"];
    this.#parts = Object.fromEntries(names.map((name) => [name, field(root, name)]));
    this.#trace = new Trace(field(root, "trace"));
    this.#parts.beat.addEventListener("click", () => this.#handle?.beatNow());
    this.#parts.toggle.addEventListener("click", () => (this.#isRunning ? this.stop() : this.start()));
    for (const act of ["pointerdown", "pointermove", "keydown", "scroll", "touchstart", "wheel"]) {
      addEventListener(act, () => (this.#watch.inputAt = performance.now()), { passive: true, capture: true });
    }
    for (const turn of ["focus", "blur"]) addEventListener(turn, () => this.#draw());
    document.addEventListener("visibilitychange", () => this.#draw());
    clock.onTick(() => this.#draw());
  }

  start() {
    this.#starting ??= this.#begin().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #begin() {
    this.#parts.toggle.disabled = true;
    try {
      const { start } = await this.#load();
      this.#handle = await start(this.#options());
      // Where WebAssembly is missing or forbidden the client keeps quiet, so as not to harm its host.
      if (!this.#handle.isRunning) throw new Error("WebAssembly did not load; the browser's console says why");
    } catch (fault) {
      // A client that cannot be loaded or likes none of our options says so here; the rest of the page goes on.
      this.#hear("stopped", { message: fault.message });
      return;
    } finally {
      this.#parts.toggle.disabled = false;
    }
    const isVisible = document.visibilityState === "visible";
    Object.assign(this.#watch, NO_TIME, { at: performance.now(), isVisible });
    this.#recorded = { ...NO_TIME };
    this.#hear("started", this.#handle.next);
    if (this.#handle.status) this.#hear("status", { status: this.#handle.status });
    this.#deafen = ["status", "wait", "beat", "error", "ended"].map((kind) =>
      this.#handle.on(kind, (said) => this.#hear(kind, said)));
  }

  stop() {
    // The last answers are still on their way, and would speak for a heart that has stopped.
    for (const off of this.#deafen) off();
    this.#deafen = [];
    this.#handle?.stop();
    this.#handle = null;
    this.#hear("stopped");
  }

  /** Another name is another user: that tab leaves, and this one comes. */
  async restart() {
    await this.#starting;
    const isByChoice = this.#heart.phase === "stopped" && !this.#heart.fault;
    if (isByChoice) return;
    this.stop();
    await this.start();
  }

  /** Takes the server's own record of this session: after a reload it knows what this page has forgotten. */
  record(sessions) {
    const own = sessions.find(({ session }) => session === this.#handle?.session);
    if (!own) return;
    const keep = (name, recordedMs) => {
      this.#recorded[name] = Math.max(this.#recorded[name], recordedMs - this.#watch[name]);
    };
    this.#accrue();
    keep("hereMs", own.durationMs);
    keep("visibleMs", own.visibleMs);
    keep("activeMs", own.activeMs);
    this.#draw();
  }

  get #isRunning() {
    return this.#heart.phase === "running";
  }

  #hear(kind, said) {
    this.#heart = hear(this.#heart, kind, said, performance.now());
    if (kind === "beat") this.#thump(said.ok);
    if (kind === "beat" && said.ok && this.#heart.answered === 1) this.#onFirstAnswer();
    // Mostly the answer is here before an eye could read "waiting"; the next tick says it if it is not.
    if (kind === "wait" && said.why === "answer") return;
    this.#draw();
  }

  #thump(ok) {
    this.#trace.beat(ok);
    if (!ok || document.visibilityState === "hidden") return;
    const { pulse, ripple } = this.#parts;
    if (isCalm()) {
      // No movement, but still to be seen: the heart dims for a moment.
      pulse.animate([{ opacity: 1 }, { opacity: 0.72 }, { opacity: 1 }], { duration: 500 });
      return;
    }
    const scales = [1, 1.11, 1, 1.06, 1];
    pulse.animate(scales.map((scale) => ({ transform: `scale(${scale})`, easing: "ease-out" })), { duration: 760 });
    ripple.animate([{ transform: "scale(0.72)", opacity: 0.5 }, { transform: "scale(1.16)", opacity: 0 }],
      { duration: 1_300, easing: "cubic-bezier(0.2, 0.6, 0.3, 1)" });
  }

  /** Adds the time since the last look to whatever it was time of. */
  #accrue() {
    const watch = this.#watch;
    const now = performance.now();
    const passed = now - watch.at;
    watch.at = now;
    const wasVisible = watch.isVisible;
    watch.isVisible = document.visibilityState === "visible";
    if (!this.#isRunning) return;
    watch.hereMs += passed;
    if (wasVisible) watch.visibleMs += passed;
    if (wasVisible && now - watch.inputAt < ACTIVE_MS) watch.activeMs += passed;
  }

  #draw() {
    this.#accrue();
    const { when, why, left } = outlook(this.#heart, performance.now());
    const parts = this.#parts;
    const state = pageState(document.visibilityState, document.hasFocus());
    const seen = seenAs(this.#heart);
    text(parts.when, when);
    text(parts.why, why);
    parts.ring.style.setProperty("--left", left.toFixed(3));
    text(parts.state, state);
    text(parts["state-words"], STATE_WORDS[state]);
    text(parts.status, seen);
    parts.status.dataset.status = seen === this.#heart.status ? seen : "offline";
    text(parts.session, shortId(this.#handle?.session));
    parts.session.title = this.#handle?.session ?? "";
    text(parts.sent, this.#heart.sent);
    text(parts.answered, this.#heart.answered);
    for (const name of ["here", "visible", "active"]) {
      const key = `${name}Ms`;
      text(parts[name], length(this.#watch[key] + this.#recorded[key]));
    }
    parts.drawing.dataset.mood = this.#isRunning ? (seen === "no answer" ? "unheard" : "well") : "still";
    text(parts.fault, this.#heart.fault ? asSentence(this.#heart.fault.message) : "");
    parts.fault.hidden = !this.#heart.fault;
    parts.beat.disabled = !this.#isRunning;
    text(parts.toggle, this.#isRunning ? "Stop" : "Start");
    this.#trace.draw();
  }
}
