// @ts-check
// Options as markup says them: an attribute each, all of them text.

import { isOption, wrong } from "./options.js";

/** The options among the `data-` attributes of an element. @type {(attributes: DOMStringMap) => import("./options.js").Options} */
export function optionsIn(attributes) {
  /** @type {Record<string, unknown>} */
  const options = {};
  for (const [name, text = ""] of Object.entries(attributes)) {
    // Others have attributes of their own on an element.
    if (isOption(name)) options[name] = meaning(name, text);
  }
  const { tokenFrom } = attributes;
  if (tokenFrom) options.token = () => ask(tokenFrom);
  return options;
}

/**
 * The first thing that a text can mean and that the option can be. One without such a meaning is left as it is, for
 * `start` to complain of. As with HTML's own, what is to be true need only be there.
 *
 * @type {(name: string, text: string) => unknown}
 */
function meaning(name, text) {
  return [text, Number(text), text !== "false"].find((value) => !wrong(name, value)) ?? text;
}

/** Asks the page's own function, which may come later than this, or a URL. @type {(from: string) => Promise<string>} */
async function ask(from) {
  if (!from.includes("/")) return /** @type {any} */ (window)[from]();
  const answer = await fetch(from);
  if (!answer.ok) throw new Error(`no token from ${from}: ${answer.status}`);
  return answer.text();
}
