// @ts-check
// What a page imports: one function, and the handle that it gives.

import * as glue from "stillhere-glue";

/** @typedef {import("./stillhere.js").Options} Options */

/** The heart that beats in this page, and the options it was started with. */
let running = null;

/** The wasm, loaded once; a failure is remembered too, as the next try would fail alike. */
let loading;

/**
 * Starts the page's heart. See stillhere.d.ts.
 *
 * @param {Options} [options]
 */
export async function start(options = {}) {
  if (running) {
    if (!isSame(running.options, options)) {
      console.warn("stillhere: this page has a heart already; stop() it before a start with other options.");
    }
    return running.handle;
  }
  const handle = new Handle();
  // On a server there is no page to watch over.
  if (typeof document === "undefined") return handle;
  running = { handle, options };
  try {
    await (loading ??= load());
  } catch (cause) {
    console.error("stillhere: no beats, as the wasm did not load. A CSP must allow script-src 'wasm-unsafe-eval'.", cause);
    running = null;
    return handle;
  }
  try {
    glue.check(options);
  } catch (wrong) {
    running = null;
    throw wrong;
  }
  const begin = () => isCurrent(handle) && glue.begin(options, face(handle, options.debug));
  // A page that is drawn ahead of time is not looked at, and perhaps never will be.
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
  return handle;
}

async function load() {
  const url = new URL("./stillhere.wasm", import.meta.url);
  const bytes = async () => WebAssembly.compile(await (await fetch(url)).arrayBuffer());
  // Compiling while it comes needs the right content type, which not every server knows.
  glue.initSync({ module: await WebAssembly.compileStreaming(fetch(url)).catch(bytes) });
}

function isSame(a, b) {
  const isEqual = (x, y) => x === y || (typeof x === "function" && typeof y === "function");
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => isEqual(a[key], b[key]));
}

const isCurrent = (handle) => running?.handle === handle;

class Handle {
  status = null;
  _why = null;
  _listeners = {};

  get isRunning() {
    return isCurrent(this);
  }
  get session() {
    return this._call("session") ?? null;
  }
  get next() {
    return this._why && isCurrent(this) ? { inMs: glue.inMs(), why: this._why } : null;
  }
  on(event, listener) {
    const listeners = (this._listeners[event] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
  stop() {
    this._call("stop");
    if (isCurrent(this)) running = null;
    this.status = null;
  }
  beatNow() {
    this._call("beatNow");
  }
  markActive() {
    this._call("markActive");
  }
  setChannel(name) {
    this._call("setChannel", name);
  }
  setPage(path) {
    this._call("setPage", path);
  }

  /** A stopped handle is as good as none, also after another start. */
  _call(name, argument) {
    // Without `_why` the heart has not begun: the wasm is not there, or the page is only prerendered.
    if (this._why && isCurrent(this)) return glue[name](argument);
  }
  _tell(event, detail, debug) {
    if (debug) console.debug("stillhere", event, detail);
    // Each in its own microtask: one that throws is the page's own uncaught error and nobody else's.
    for (const listener of this._listeners[event] ?? []) queueMicrotask(() => listener(detail));
  }
}

/** What the wasm calls. */
const face = (handle, debug) => ({
  beat: (seq, state, nextMs, ok, tookMs) => handle._tell("beat", { seq, state, nextMs: nextMs ?? null, ok, tookMs }, debug),
  wait(inMs, why) {
    handle._why = why;
    handle._tell("wait", { inMs, why }, debug);
  },
  status(status) {
    if (status === handle.status) return;
    handle.status = status;
    handle._tell("status", { status }, debug);
  },
  ended: (session) => handle._tell("ended", { session }, debug),
  error: (code, message, retry) => handle._tell("error", { code, message: String(message?.message ?? message), retry }, debug),
});
