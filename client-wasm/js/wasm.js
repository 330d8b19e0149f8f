// @ts-check
// The wasm, loaded once, from wherever the page has it.

import { initSync } from "stillhere-glue";

/** @typedef {import("./slim.js").Source} Source */

/** Where the wasm is unless the page brings its own. @type {() => Source | Promise<Source>} */
let usual;

/** @type {Promise<boolean> | undefined} */
let loading;

/** @type {(source: () => Source | Promise<Source>) => void} */
export function comesFrom(source) {
  usual = source;
}

/** @type {(source?: Source | Promise<Source>) => Promise<boolean>} */
export function init(source) {
  // On a server there is nothing to load it for.
  if (typeof document === "undefined") return Promise.resolve(false);
  return (loading ??= load(source).catch(explain));
}

/** @type {(source?: Source | Promise<Source>) => Promise<boolean>} */
async function load(source) {
  let wasm = await (source ?? usual());
  if (typeof wasm === "string" || wasm instanceof URL) wasm = await fetch(wasm);
  // Not compiled while it arrives: it is small, and that would need a content type which not every server knows.
  if (wasm instanceof Response) wasm = await wasm.arrayBuffer();
  initSync({ module: wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm) });
  return true;
}

/** @type {(cause: unknown) => boolean} */
function explain(cause) {
  console.error("stillhere: no beats, as its WebAssembly did not load; a CSP needs script-src 'wasm-unsafe-eval'", cause);
  // Who asks again may have better luck.
  loading = undefined;
  return false;
}
