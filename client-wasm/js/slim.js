// @ts-check
// `stillhere/slim`: the same without the wasm, for pages that bring it.

import { comesFrom } from "./wasm.js";

// Written so that bundlers see it and bring the file along.
comesFrom(() => new URL("./stillhere.wasm", import.meta.url));

export { start } from "./heart.js";
export { init } from "./wasm.js";
