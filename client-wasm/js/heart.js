// @ts-check
// What a page imports: one function, and the handle that it gives. See heart.d.ts.

import { begin, hear } from "stillhere-glue";
import { ACTIVITY, watchActivity } from "./activity.js";
import { ACTIVE, BEAT_NOW, SIGN_OUT, STOP, WOKEN } from "./happening.js";
import { hiddenTimer } from "./hidden_timer.js";
import { take, watchLife } from "./life.js";
import { read, wrong } from "./options.js";
import { post } from "./post.js";
import { add, saidId, session } from "./said.js";
import { init } from "./wasm.js";

/** @typedef {import("./options.js").Options} Options */
/** @typedef {import("./options.js").Settings} Settings */
/** @typedef {import("./heart.js").Handle} Handle */
/** @typedef {import("./heart.js").Events} Events */
/** @typedef {import("./heart.js").Why} Why */

/**
 * Where the page's heart is known, from its start to its stop, to every copy of this module that the page has loaded.
 *
 * @type {Record<symbol, { options: Options, handle: Handle, ready: Promise<Handle> } | undefined>}
 */
const page = /** @type {any} */ (globalThis);
const HEART = Symbol.for("stillhere");

/** By the numbers that the engine has for them. */
const WHYS = /** @type {Why[]} */ (
  "interval hidden retry answer page returned idle asked throttled paused refused stopped".split(" ")
);

/** @type {(options?: Options) => Promise<Handle>} */
export async function start(options = {}) {
  const running = page[HEART];
  if (running) {
    if (asText(running.options) !== asText(options)) {
      console.warn("stillhere: this page has a heart already; stop() it first");
    }
    return running.ready;
  }
  const [handle, begins] = heart(read(options), options.token);
  // On a server there is no page to watch over.
  if (typeof document === "undefined") return handle;
  if (options.respectGpc && /** @type {any} */ (navigator).globalPrivacyControl) {
    console.info("stillhere: nothing is sent, as respectGpc is set and this browser asks for privacy");
    return handle;
  }
  return (page[HEART] = { options, handle, ready: prepare(handle, begins) }).ready;
}

/** @type {(handle: Handle, begins: () => void) => Promise<Handle>} */
async function prepare(handle, begins) {
  if (await init()) begins();
  else forget(handle);
  return handle;
}

/** Who never beat may not take the place of who does. @type {(handle: Handle) => void} */
function forget(handle) {
  if (page[HEART]?.handle === handle) delete page[HEART];
}

/**
 * Calls `look` when the path may be another. Where a browser has no Navigation API, only its own back and forward are
 * told; what an application pushes is seen when the input that led to it has passed. No `history` is patched for that.
 *
 * @param {() => void} look
 * @param {AddEventListenerOptions} until
 */
function watchPath(look, until) {
  /** @type {EventTarget} */
  const navigation = /** @type {any} */ (globalThis).navigation ?? globalThis;
  // Each of the two only ever hears one of these.
  for (const kind of ["currententrychange", "popstate"]) navigation.addEventListener(kind, look, until);
}

/**
 * The same for whoever sets the same. A function that is written anew at each call reads the same each time.
 *
 * @type {(options: Options) => string}
 */
const asText = (options) => `${Object.entries(options).filter(([, value]) => value != null).sort()}`;

/**
 * A handle, and what makes it live once somebody looks.
 *
 * @param {Settings} settings
 * @param {Options["token"]} token
 * @returns {[Handle, () => void]}
 */
function heart(settings, token) {
  /** @type {{ [Kind in keyof Events]?: Set<Function> }} */
  const listeners = {};
  let isOver = false;
  /** @type {Why} */
  let why;
  let due = Infinity;
  /** @type {Worker | undefined} */
  let timer;
  /** Takes what the heart has put into the page out of it: its listeners, and the rest. */
  const ears = new AbortController();
  const { signal } = ears;
  /** @type {(() => void)[]} */
  const undo = [() => ears.abort()];

  /** @type {<Kind extends keyof Events>(kind: Kind, event: Events[Kind]) => void} */
  function tell(kind, event) {
    if (settings.debug) console.debug("stillhere", kind, event);
    // Each in a microtask of its own: one that throws is the page's own uncaught error, and nobody else's.
    for (const listener of listeners[kind] ?? []) queueMicrotask(() => listener(event));
  }

  /** @type {{ -readonly [Name in keyof Handle]: Handle[Name] }} */
  const handle = {
    isRunning: false,
    status: null,
    get session() {
      return (handle.isRunning && session()) || null;
    },
    get next() {
      return handle.isRunning ? { inMs: Math.max(0, due - performance.now()), why } : null;
    },
    on(kind, listener) {
      (listeners[kind] ??= new Set()).add(listener);
      return () => listeners[kind]?.delete(listener);
    },
    beatNow() {
      if (handle.isRunning) hear(BEAT_NOW);
    },
    markActive() {
      if (handle.isRunning) hear(ACTIVE);
    },
    setChannel: (name) => change("channel", name),
    setPage(path) {
      followsPath = false;
      change("page", path);
    },
    signOut: () => end(SIGN_OUT),
    stop: () => end(STOP),
  };

  /** @type {(lastWord: number) => void} */
  function end(lastWord) {
    if (isOver) return;
    isOver = true;
    if (handle.isRunning) hear(lastWord);
    for (const take of undo) take();
    forget(handle);
    Object.assign(handle, { isRunning: false, status: null });
  }

  /** @type {(option: "channel" | "page", value: string) => void} */
  function change(option, value) {
    const why = wrong(option, value ?? "");
    if (why) return hears.error("option_bad", why, false);
    if (settings[option] === value) return;
    settings[option] = value;
    handle.beatNow();
  }

  /** Whether the page's name is its path, which an application may change without loading another page. */
  let followsPath = settings.page == null;
  const look = () => followsPath && change("page", location.pathname);

  function begins() {
    // A page that is drawn ahead of time is not looked at, and perhaps never will be.
    // @ts-ignore: not yet among the types of the DOM.
    if (!document.prerendering) return live();
    document.addEventListener("prerenderingchange", live, { once: true, signal });
  }

  function live() {
    if (isOver) return;
    handle.isRunning = true;
    settings.page ??= location.pathname;
    const { url, intervalMs = 0, whenHidden = 0, idleAfterMs = 0 } = settings;
    const chance = crypto.getRandomValues(new Uint32Array(4));
    begin(face, document, [intervalMs, whenHidden, idleAfterMs, ...chance, ...take(url)]);
    watchLife(url, signal);
    watchPath(look, { signal });
    undo.push(() => take(url), watchActivity(settings.activityEvents ?? ACTIVITY, handle.markActive, look));
    if (settings.hiddenTimer !== "worker") return;
    timer = hiddenTimer(() => hear(WOKEN));
    undo.push(() => timer?.terminate());
  }

  /** @type {import("./post.js").Hears} */
  const hears = {
    beat: ({ seq, state, nextMs = null }, ok, tookMs) => tell("beat", { seq, state, nextMs, ok, tookMs }),
    status(status) {
      if (status === handle.status) return;
      handle.status = status;
      tell("status", { status });
    },
    error(code, cause, retry) {
      const message = String(/** @type {any} */ (cause)?.message ?? cause ?? "no answer from the server");
      if (!retry && !listeners.error?.size) console.error("stillhere:", message);
      tell("error", { code, message, retry });
    },
  };

  /** What the wasm calls. */
  const face = {
    ...post(settings, token, hears),
    add,
    /** @type {(inMs: number, reason: number) => void} */
    wait(inMs, reason) {
      why = WHYS[reason];
      due = performance.now() + inMs;
      // A timer may be early by a fraction, and this one is set only once.
      if (document.hidden && inMs < Infinity) timer?.postMessage(inMs + 1);
      tell("wait", { inMs, why });
    },
    ended: () => tell("ended", { session: saidId() }),
  };

  return [handle, begins];
}
