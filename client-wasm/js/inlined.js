// @ts-check
// The wasm inside the module that imports this: base64 of its deflated bytes.

import text from "stillhere-inlined";
import { comesFrom } from "./wasm.js";

comesFrom(() => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
});
