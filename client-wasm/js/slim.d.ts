export { start } from "./heart.js";
export type { Events, Handle, Options, Why } from "./heart.js";

/** The client's wasm: where it is, what is there, or what has become of it. */
export type Source = string | URL | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the wasm, once: later calls, and `start`, wait for the first. Without a source it is the file `stillhere.wasm`
 * beside the module.
 *
 * @returns whether it runs. If not, the console says why, and the next call tries again. On a server it never does.
 */
export function init(source?: Source | Promise<Source>): Promise<boolean>;
