// @ts-check
// Which systems there are to look at, and who may. An ordinary server has one, and asks for an admin's token if it has
// any; the demo lists its own, and gives such a token to whoever asks.

import { tokenFor } from "../demos/kit/token.js";

/**
 * A system: where its API and its figures are, and whose tokens the demo has for it.
 *
 * @typedef {{ name: string, endpoint: string, metrics: string, pass: string | null }} System
 */

/** One system as the demo lists it. @typedef {{ name: string, endpoint: string, metrics: string, asksForTokens: boolean }} Listed */

/** Only the demo knows the address. */
const SYSTEMS = "/demo/systems";

/** The systems at this address; `endpoint` where somebody has said where the API is. @type {(endpoint?: string | null) => Promise<readonly System[]>} */
export async function systems(endpoint) {
  const listed = await ofDemo();
  if (listed.length > 0) return listed.map(named);
  return [{ name: "this server", endpoint: endpoint || "/v1", metrics: "/metrics", pass: null }];
}

/** The one that an address of the page names, or the first. @type {(all: readonly System[], endpoint: string | null) => System} */
export function chosen(all, endpoint) {
  return all.find((system) => system.endpoint === endpoint) ?? /** @type {System} */ (all[0]);
}

/** Nobody is anybody's operator where everybody is who they say they are. @type {(listed: Listed) => System} */
function named({ name, endpoint, metrics, asksForTokens }) {
  return asksForTokens ? { name: name.replaceAll("-", " "), endpoint, metrics, pass: name }
    : { name: "the demo page", endpoint, metrics, pass: null };
}

/** What the demo lists; nothing where there is no demo, whatever answers in its place. @returns {Promise<Listed[]>} */
async function ofDemo() {
  try {
    const answer = await fetch(SYSTEMS, { cache: "no-store" });
    const listed = answer.ok ? await answer.json() : [];
    return Array.isArray(listed) ? listed : [];
  } catch {
    return [];
  }
}

/** A token of an operator. @type {(system: string) => Promise<string>} */
export const passOf = (system) => tokenFor(system, { user: "operator", role: "admin", name: "The operator" })();
