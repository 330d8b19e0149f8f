// @ts-check
// What a web developer may set: the names, the defaults, and what each must be. Nothing else knows them.

/** @typedef {import("./options.js").Options} Options */
/** @typedef {import("./options.js").Settings} Settings */

/** What an option must be, in words, and whether it is. @typedef {[string, (value: any) => unknown]} Rule */

/** @type {(pattern: RegExp) => Rule[1]} */
const text = (pattern) => (value) => typeof value === "string" && pattern.test(value);

/** @type {(least: number, most: number) => Rule} */
const between = (least, most) => [
  `a number from ${least} to ${most}`,
  (value) => typeof value === "number" && value >= least && value <= most,
];

/** @type {(words: unknown[]) => Rule} */
const oneOf = (words) => [words.join(" or "), (value) => words.includes(value)];

/** By the numbers that the engine has for them; 0 is none, and leaves it to the server. */
const WHEN_HIDDEN = [, "pause", "beat", "leave"];

/** What the server takes of a page's name, in bytes. */
const PAGE_BYTES = 256;

/** @type {Record<keyof Options, Rule>} */
const RULES = {
  endpoint: ["a URL or a path such as /v1", text(/./)],
  token: ["a string or a function that gives one", (value) => typeof value === "function" || text(/./)(value)],
  channel: ["1 to 96 letters, digits or any of . _ : - / @", text(/^[\w.:\-/@]{1,96}$/)],
  page: ["a path without control characters", text(/^\P{Cc}+$/u)],
  intervalMs: between(500, 86_400_000),
  whenHidden: oneOf(WHEN_HIDDEN.slice(1)),
  hiddenTimer: oneOf(["page", "worker"]),
  idleAfterMs: between(1_000, 86_400_000),
  activityEvents: ["a list of events' names", (value) => Array.isArray(value) && value.every(text(/./))],
  respectGpc: oneOf([true, false]),
  credentials: oneOf(["include", "same-origin", "omit"]),
  debug: oneOf([true, false]),
};

/** @type {(name: string) => boolean} */
export const isOption = (name) => Object.hasOwn(RULES, name);

/** What is wrong with an option, in a sentence for its developer. @type {(name: string, value: unknown) => string | false} */
export function wrong(name, value) {
  const rule = isOption(name) && RULES[/** @type {keyof Options} */ (name)];
  if (!rule) return `there is no option ${name}; there are ${Object.keys(RULES).join(", ")}`;
  // A value that is not there yet leaves the option out.
  if (value == null || rule[1](value)) return false;
  // What somebody gave for a token may hold a secret, and this goes to a console.
  return `${name} must be ${rule[0]}, and is ${(name !== "token" && JSON.stringify(value)) || typeof value}`;
}

/** @type {(options: Options) => Settings} */
export function read(options) {
  for (const [name, value] of Object.entries(options)) {
    const why = wrong(name, value);
    if (why) throw new TypeError("stillhere: " + why);
  }
  const { endpoint, token, whenHidden } = options;
  return {
    ...options,
    url: (endpoint ?? "/v1").replace(/\/$/, "") + "/beat",
    token: typeof token === "function" ? "" : token,
    whenHidden: whenHidden && WHEN_HIDDEN.indexOf(whenHidden),
  };
}

/** @type {(page: string) => string} */
export const cut = (page) => page.slice(0, new TextEncoder().encodeInto(page, new Uint8Array(PAGE_BYTES)).read);
