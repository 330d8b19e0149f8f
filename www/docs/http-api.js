// @ts-check
// Draws the reference of the HTTP API from the description that this very server gives.

import { addLink } from "./docs.js";
import { reference } from "./reference.js";

/** @typedef {import("./reference.js").Field} Field */
/** @typedef {import("./reference.js").Operation} Operation */

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {(name: string, attributes: Record<string, string>, ...children: (Node | string)[]) => HTMLElement} */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const code = (/** @type {string} */ text) => make("code", {}, text);

const toShape = (/** @type {string} */ name) => make("a", { href: `#shape-${name}` }, code(name));

const toCode = (/** @type {string} */ name) => make("a", { href: `#code-${name}` }, code(name));

/** Between each two of them a comma. @type {(nodes: Node[]) => (Node | string)[]} */
const listed = (nodes) => nodes.flatMap((node, at) => (at ? [", ", node] : [node]));

const retryWords = (/** @type {boolean | undefined} */ retry) =>
  retry === undefined ? "the answer says so" : retry ? "yes, later" : "no, something has to change";

/**
 * A table that can be moved where it is wider than the page.
 *
 * @param {string} label
 * @param {string[]} heads
 * @param {Node[]} rows
 */
function table(label, heads, rows) {
  const head = make("thead", {}, make("tr", {}, ...heads.map((words) => make("th", { scope: "col" }, words))));
  const whole = make("table", {}, head, make("tbody", {}, ...rows));
  return make("div", { class: "wide", tabindex: "0", role: "group", "aria-label": `Table: ${label}` }, whole);
}

/** @type {(label: string, fields: Field[]) => HTMLElement} */
const fieldTable = (label, fields) =>
  table(label, ["name", "kind", "what it is"], fields.map(({ name, kind, isNeeded, words }) =>
    make("tr", {},
      make("td", {}, code(name)),
      make("td", {}, kind),
      make("td", {}, [isNeeded ? "Needed." : "", words].join(" ").trim()))));

/** @type {(operation: Operation) => HTMLElement} */
function route({ method, path, what, who, parameters, body, answers, refusals }) {
  const summary = make("summary", {},
    make("h3", {}, make("b", { class: "method" }, method), " ", code(path)),
    make("p", {}, what));
  const details = make("details", { class: "route" }, summary, make("p", {}, who));
  if (parameters.length) details.append(fieldTable(`parameters of ${method} ${path}`, parameters));
  if (body) details.append(make("p", {}, "The body is a ", toShape(body), "."));
  for (const { status, shape, type } of answers) {
    const answer = make("p", {}, "Answers ", make("b", {}, status));
    if (shape) answer.append(": ", toShape(shape));
    if (type) answer.append(`, as ${type}`);
    details.append(answer);
  }
  if (refusals.length) {
    details.append(make("p", {}, "May be refused as ", ...listed(refusals.map((refusal) => toCode(refusal.code))), "."));
  }
  return details;
}

/**
 * A heading that can be linked to, and is in the list of the page's chapters.
 *
 * @param {string} id
 * @param {string} title
 */
function chapter(id, title) {
  const heading = make("h2", { id }, title);
  addLink(heading);
  const link = make("li", {}, make("a", { href: `#${id}` }, title));
  document.querySelector(".pages [aria-current] + ul")?.append(link);
  return heading;
}

/** @param {ReturnType<typeof reference>} told */
function draw({ groups, refusals, shapes }) {
  for (const { noun, title, operations } of groups) {
    $("routes").append(chapter(`noun-${noun || "server"}`, title), ...operations.map(route));
  }
  $("error-rows").append(...refusals.map((refusal) =>
    make("tr", { id: `code-${refusal.code}` },
      make("td", {}, code(refusal.code)),
      make("td", {}, refusal.status),
      make("td", {}, retryWords(refusal.retry)))));
  $("errors").hidden = false;
  $("errors").after(chapter("shapes", "Shapes of bodies and answers"), ...shapes.flatMap(({ name, words, fields }) => [
    make("h3", { id: `shape-${name}` }, name),
    make("p", {}, words),
    ...(fields.length ? [fieldTable(`fields of ${name}`, fields)] : []),
  ]));
}

/** Where a link into what has just been drawn was to lead. */
function goOn() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part && location.hash) part.scrollIntoView();
}

async function load() {
  const state = $("api-state");
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(String(answer.status));
    draw(reference(await answer.json()));
    goOn();
  } catch (wrong) {
    console.error(wrong);
    state.textContent =
      "The description of the routes did not come. Is the server running? Load this page again when it is.";
    state.hidden = false;
  }
}

load();
