// The code that pages show, and as much of what it says as can be held against the project.

/** The code blocks of a page, each with its label. */
export const snippetsOf = ({ elements }) =>
  elements
    .filter(({ name }) => name === "pre")
    .map(({ attributes, words }) => ({ label: attributes["aria-label"] ?? "", text: words }));

/** The names and values of the object that begins at `from`: `[name, source]`; one that is only named stands for itself. */
export function entriesAt(text, from) {
  const entries = [];
  let depth = 0;
  let entry = "";
  // A string, a comment, or one letter at a time.
  for (const [part] of text.slice(from).matchAll(/"[^"]*"|'[^']*'|`[^`]*`|\/\/[^\n]*|[\s\S]/g)) {
    if (part.startsWith("//")) continue;
    if ("}])".includes(part)) depth -= 1;
    if ((depth === 1 && part === ",") || depth === 0) {
      if (entry.trim()) entries.push(entry.trim());
      entry = "";
      if (part === "}") return entries.map(named);
    } else {
      entry += part;
    }
    if ("{[(".includes(part)) depth += 1;
  }
  throw new Error(`the object at “${text.slice(from, from + 30)}” has no end`);
}

/** @type {(entry: string) => [name: string, source: string | undefined]} */
const named = (entry) => /** @type {any} */ (/^(\w+)\s*(?::\s*([\s\S]*))?$/.exec(entry)?.slice(1) ?? [entry, undefined]);

/** What each call of `name` with an object is given. */
export function callsOf(name, text) {
  const calls = text.matchAll(new RegExp(`\\b${name}\\(\\{`, "g"));
  return [...calls].map((call) => entriesAt(text, call.index + call[0].length - 1));
}

/** What a source that is a plain value says; `undefined` of what only a running page could say. */
export function valueOf(source) {
  try {
    return JSON.parse(source.replace(/(\d)_(\d)/g, "$1$2"));
  } catch {
    return undefined;
  }
}

/** Each import by name: `[names, from]`. */
export function importsOf(text) {
  const imports = text.matchAll(/import \{([^}]*)\} from "([^"]+)"/g);
  return [...imports].map(([, names, from]) => [names.split(",").map((name) => name.trim()), from]);
}

/** The names between the braces after `head` in a file of types. */
export function namesIn(types, head) {
  const from = types.indexOf(head);
  if (from < 0) throw new Error(`there is no ${head}`);
  const body = types.slice(types.indexOf("{", from) + 1, types.indexOf("\n}", from));
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(<]/gm)].map(([, name]) => name);
}
