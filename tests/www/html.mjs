// As much of a page as its tests ask for: its elements in order, each with its attributes, its words and what it is in.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The site's folder. */
export const SITE = fileURLToPath(new URL("../../www", import.meta.url));

const VOID = new Set(["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"]);

/** A comment, a declaration, or a tag with its attributes. */
const VALUE = /\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+)/.source;
const ELEMENT = `<(\\/?)([a-zA-Z][\\w-]*)((?:\\s+[^\\s=>/]+(?:${VALUE})?)*)\\s*(\\/?)>`;
const TAG = new RegExp(`<!--[\\s\\S]*?-->|<![^>]*>|${ELEMENT}`, "g");
const ATTRIBUTE = /([^\s=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+)))?/g;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };

const plain = (text) => text.replace(/&(\w+);/g, (whole, name) => ENTITIES[name] ?? whole);

/** Each element: `{ name, attributes, words, within }`. What is inside of a script is its words. */
export function elementsOf(html) {
  const elements = [];
  const open = [];
  let from = 0;
  const speak = (words) => {
    for (const element of open) element.words += plain(words);
  };
  for (const match of html.matchAll(TAG)) {
    const [tag, isEnd, written, inside, isClosed] = match;
    if (open.at(-1)?.name === "script" && !(isEnd && written === "script")) continue;
    speak(html.slice(from, match.index));
    from = match.index + tag.length;
    if (!written) continue;
    const name = written.toLowerCase();
    if (isEnd) {
      const at = open.findLastIndex((element) => element.name === name);
      if (at < 0) throw new Error(`</${name}> ends nothing`);
      if (at < open.length - 1) throw new Error(`</${name}> ends <${open.at(-1).name}> too`);
      open.length = at;
      continue;
    }
    const given = [...inside.matchAll(ATTRIBUTE)];
    const attributes = Object.fromEntries(
      given.map(([, key, ...values]) => [key, plain(values.find((value) => value != null) ?? "")]),
    );
    const element = { name, attributes, words: "", within: open.map((outer) => outer.name) };
    elements.push(element);
    if (!VOID.has(name) && !isClosed) open.push(element);
  }
  if (open.length) throw new Error(`<${open.at(-1).name}> is left open`);
  return elements;
}

/** Every page of the site: `{ path, elements }`, the path as a browser asks for it. */
export function pages() {
  const files = readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html")).sort();
  return files.map((file) => {
    const path = "/" + file.replaceAll("\\", "/").replace(/(^|\/)index\.html$/, "$1");
    return { path, elements: read(file, readFileSync(join(SITE, file), "utf8")) };
  });
}

function read(file, html) {
  try {
    return elementsOf(html);
  } catch (wrong) {
    throw new Error(`${file}: ${wrong.message}`);
  }
}
