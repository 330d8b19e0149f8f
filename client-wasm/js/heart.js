// @ts-check
// What a page imports: one function, and the handle that it gives. See heart.d.ts.

import { beatNow, begin, check, inMs, markActive, session, setChannel, setPage, signOut, stop } from "stillhere-glue";
import { init } from "./wasm.js";

/** @typedef {import("./heart.js").Options} Options */
/** @typedef {import("./heart.js").Handle} Handle */
/** @typedef {import("./heart.js").Events} Events */
/** @typedef {import("./heart.js").Why} Why */

/** The page's heart, from its start to its stop. @type {{ options: Options, ready: Promise<Handle> } | undefined} */
let running;

/** @type {(options?: Options) => Promise<Handle>} */
export async function start(options = {}) {
  if (running) {
    if (!isSame({ ...running.options }, { ...options })) {
      console.warn("stillhere: this page has a heart already; stop() it before you start another");
    }
    return running.ready;
  }
  const [handle, live] = heart(options);
  // On a server there is no page to watch over.
  if (typeof document === "undefined") return handle;
  running = { options, ready: prepare(handle, live, options) };
  return running.ready;
}

/** @type {(handle: Handle, live: () => void, options: Options) => Promise<Handle>} */
async function prepare(handle, live, options) {
  if (!(await init())) {
    running = undefined;
    return handle;
  }
  const wrong = check(options);
  if (wrong) {
    running = undefined;
    throw new TypeError(`stillhere: ${wrong}`);
  }
  // A page that is drawn ahead of time is not looked at, and perhaps never will be.
  // @ts-ignore: not yet among the types of the DOM.
  if (document.prerendering) document.addEventListener("prerenderingchange", live, { once: true });
  else live();
  return handle;
}

/** @type {(a: Record<string, unknown>, b: Record<string, unknown>) => boolean} */
function isSame(a, b) {
  /** A function that is written anew at each call looks new at each call. @type {(x: unknown, y: unknown) => boolean} */
  const isEqual = (x, y) => x === y || (typeof x === "function" && typeof y === "function");
  return Object.keys({ ...a, ...b }).every((name) => isEqual(a[name], b[name]));
}

/**
 * A handle, and what makes it live.
 *
 * @param {Options} options
 * @returns {[Handle, () => void]}
 */
function heart({ ...options }) {
  /** @type {{ [Kind in keyof Events]?: Set<Function> }} */
  const listeners = {};
  let isOver = false;
  /** @type {Why} */
  let why;

  /** @type {<Kind extends keyof Events>(kind: Kind, event: Events[Kind]) => void} */
  function tell(kind, event) {
    if (options.debug) console.debug("stillhere", kind, event);
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
      return handle.isRunning ? { inMs: inMs(), why } : null;
    },
    on(kind, listener) {
      (listeners[kind] ??= new Set()).add(listener);
      return () => listeners[kind]?.delete(listener);
    },
    beatNow() {
      if (handle.isRunning) beatNow();
    },
    markActive() {
      if (handle.isRunning) markActive();
    },
    setChannel: (name) => change("channel", setChannel, name),
    setPage: (path) => change("page", setPage, path),
    signOut: () => end(signOut),
    stop: () => end(stop),
  };

  /** @type {(lastWord: () => void) => void} */
  function end(lastWord) {
    if (isOver) return;
    isOver = true;
    if (handle.isRunning) lastWord();
    running = undefined;
    Object.assign(handle, { isRunning: false, status: null });
  }

  /** @type {(option: "channel" | "page", set: (value: string) => void, value: string) => void} */
  function change(option, set, value) {
    // Before a prerendered page is shown there is nobody else to remember it.
    options[option] = value;
    if (handle.isRunning) set(value);
  }

  function live() {
    if (isOver) return;
    handle.isRunning = true;
    begin(options, face);
  }

  /** What the wasm calls. */
  const face = {
    /** @type {(seq: number, state: Events["beat"]["state"], nextMs: number | undefined, ok: boolean, tookMs: number) => void} */
    beat: (seq, state, nextMs, ok, tookMs) => tell("beat", { seq, state, nextMs: nextMs ?? null, ok, tookMs }),
    /** @type {(inMs: number, reason: Why) => void} */
    wait(inMs, reason) {
      why = reason;
      tell("wait", { inMs, why });
    },
    /** @type {(status: string) => void} */
    status(status) {
      if (status === handle.status) return;
      handle.status = status;
      tell("status", { status });
    },
    /** @type {(session: string) => void} */
    ended: (session) => tell("ended", { session }),
    /** @type {(code: string, cause: any, retry: boolean) => void} */
    error(code, cause, retry) {
      const message = String(cause?.message ?? cause ?? "no answer from the server");
      if (!retry && !listeners.error?.size) console.error("stillhere:", message);
      tell("error", { code, message, retry });
    },
    /** Only called when it is a function. */
    async token() {
      const token = await /** @type {Function} */ (options.token)();
      if (typeof token !== "string") throw new TypeError("the token function must return a string");
      return token;
    },
  };

  return [handle, live];
}
