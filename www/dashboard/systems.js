// @ts-check
// Which systems there are to look at, and who may. An ordinary server has one, and asks for an admin's token if it has
// any; the demo has six on one address, and gives such a token to whoever asks.

import { tokenFor } from "../demos/kit/token.js";

/** A system: where its API is, and whose tokens the demo has for it. @typedef {{ name: string, endpoint: string, pass: string | null }} System */

const DEMO = "the demo page";
const PRESETS = ["session-duration", "punch-clock", "who-is-online", "module-users", "availability"];

/** The demo's own systems, by their presets. @type {readonly System[]} */
const OF_DEMO = [
  ...PRESETS.map((name) => ({ name: name.replaceAll("-", " "), endpoint: `/${name}/v1`, pass: name })),
  { name: DEMO, endpoint: "/v1", pass: null },
];

/** Where tokens for trying out are. */
const TOKENS = "/demo/tokens";

/** The systems at this address; `endpoint` where somebody has said where the API is. @type {(endpoint?: string | null) => Promise<readonly System[]>} */
export async function systems(endpoint) {
  if (await isDemo()) return OF_DEMO;
  return [{ name: "this server", endpoint: endpoint || "/v1", pass: null }];
}

/** The one that an address of the page names, or the first. @type {(all: readonly System[], endpoint: string | null) => System} */
export function chosen(all, endpoint) {
  return all.find((system) => system.endpoint === endpoint) ?? /** @type {System} */ (all[0]);
}

/** Only the demo knows the address, and there only another method. */
async function isDemo() {
  try {
    return (await fetch(TOKENS, { cache: "no-store" })).status === 405;
  } catch {
    return false;
  }
}

/** A token of an operator. @type {(system: string) => Promise<string>} */
export const passOf = (system) => tokenFor(system, { user: "operator", role: "admin", name: "The operator" })();
