// @ts-check
// `<script src=".../stillhere.js" data-endpoint="...">`: starts by itself, with what its element says.

import { start } from "./index.js";

/** How an attribute's text becomes an option. @type {Record<string, (text: string) => unknown>} */
const ATTRIBUTES = {
  endpoint: String,
  token: String,
  tokenFrom: String,
  channel: String,
  page: String,
  intervalMs: Number,
  whenHidden: String,
  credentials: String,
  // As with HTML's own: it is enough that the attribute is there.
  debug: (text) => text !== "false",
};

// Imported by another module it only gives the page `window.stillhere`, and on a server nothing.
if (typeof document !== "undefined") {
  window.stillhere ??= { start, heart: undefined };
  const own = document.currentScript;
  if (own instanceof HTMLScriptElement) {
    const heart = window.stillhere.start(read(own.dataset));
    // Options that cannot be meant throw; here nobody can catch it, and the console is where they are looked for.
    heart.catch((wrong) => console.error(wrong.message));
    window.stillhere.heart ??= heart;
  }
}

/** @type {(attributes: DOMStringMap) => import("./heart.js").Options} */
function read(attributes) {
  /** @type {Record<string, any>} */
  const options = {};
  for (const [name, convert] of Object.entries(ATTRIBUTES)) {
    // Others have attributes of their own on a script.
    if (name in attributes) options[name] = convert(attributes[name] ?? "");
  }
  const { tokenFrom, ...rest } = options;
  return tokenFrom ? { ...rest, token: () => ask(tokenFrom) } : rest;
}

/** Asks the page's own function, which may come later than this script, or a URL. @type {(from: string) => Promise<string>} */
async function ask(from) {
  if (!from.includes("/")) return /** @type {any} */ (window)[from]();
  const answer = await fetch(from);
  if (!answer.ok) throw new Error(`${from} gave no token: ${answer.status}`);
  return answer.text();
}
