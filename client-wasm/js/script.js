// @ts-check
// `<script src=".../stillhere.js" data-endpoint="...">`: starts by itself, with what its element says.

// First, as the text of the wasm is then at the beginning: what follows it is compressed better than what is on both sides.
import { start } from "./index.js";

import { optionsIn } from "./attributes.js";

// On a server it does nothing, and imported by a module it only gives the page `window.stillhere`.
if (typeof document !== "undefined") {
  // Of two such scripts the first one is the page's.
  const own = (window.stillhere ??= { start, heart: undefined });
  const element = document.currentScript;
  if (element) {
    const heart = own.start(optionsIn(element.dataset));
    // Options that cannot be meant: nobody here can catch that, and the console is where its developer looks.
    heart.catch((wrong) => console.error(wrong.message));
    own.heart ??= heart;
  }
}
