// Every page of the site: what each has to have, what none may have, and that every link leads somewhere.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { SITE, elementsOf, pages } from "./html.mjs";

const PAGES = pages();
const EXPORTS = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).exports;

/** What the server answers besides the files of the site. */
const SERVED = [/^\/openapi\.json$/, /^\/(?:[\w-]+\/)?v1\//, /^\/(?:metrics|healthz|readyz)$/];

/** The client's files, as the package names them. */
const CLIENT = new Set(Object.values(EXPORTS).map((file) => (file.default ?? file).replace("./dist", "/client")));

const named = (elements, ...names) => elements.filter(({ name }) => names.includes(name));

/** What is in a template gets its words later. */
const whole = (elements) => elements.filter(({ within }) => !within.includes("template"));

const hasNavigation = (elements) => named(elements, "nav").length > 0;

/** Every script of the site. */
const SCRIPTS = readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
const SCRIPT_TEXTS = SCRIPTS.map((file) => readFileSync(join(SITE, file), "utf8"));

/** Says of each page what is wrong with it. */
function check(fault) {
  const faults = (page) => [fault(page)].flat().filter(Boolean);
  const found = PAGES.flatMap((page) => faults(page).map((what) => `${page.path}: ${what}`));
  assert.deepEqual(found, []);
}

/** Where a link on a page leads: the path and the part. */
function target(page, link) {
  const url = new URL(link, `http://site${page.path}`);
  return { isOurs: url.host === "site", path: url.pathname, part: decodeURIComponent(url.hash.slice(1)) };
}

/** The file that the server would answer with. */
const fileAt = (path) => join(SITE, path.endsWith("/") ? `${path}index.html` : path);

const isFile = (path) => existsSync(path) && statSync(path).isFile();

/** What lies beside the client without being of the package is known only once it is built. */
const isBuilt = (path) => path.startsWith("/client/") && isFile(join(SITE, "../dist", basename(path)));

const isThere = (path) =>
  SERVED.some((served) => served.test(path)) || CLIENT.has(path) || isBuilt(path) || isFile(fileAt(path));

test("a page that is read as markup has its elements, and what is no markup is refused", () => {
  const [p, b] = elementsOf('<!-- <i> --><p class="a b" hidden>1 &lt; <b>2</b><br></p><script>a < b</script>');
  assert.deepEqual(p, { name: "p", attributes: { class: "a b", hidden: "" }, words: "1 < 2", within: [] });
  assert.deepEqual(b.within, ["p"]);
  assert.throws(() => elementsOf("<p><b></p>"), /ends <b> too/);
  assert.throws(() => elementsOf("<p>"), /left open/);
});

test("every link, script, style and picture leads to something that is there", () => {
  check((page) =>
    page.elements.map(({ name, attributes: { href, src } }) => {
      const link = href ?? src;
      if (link == null || link.startsWith("data:")) return null;
      const { isOurs, path } = target(page, link);
      return isOurs && !isThere(path) && `<${name}> leads to ${link}, and nothing is there`;
    }),
  );
});

test("every link to a part of a page leads to a part that the page has", () => {
  const ids = ({ elements }) => new Set(elements.map(({ attributes }) => attributes.id));
  const parts = new Map(PAGES.map((page) => [page.path, ids(page)]));
  check((page) =>
    named(page.elements, "a").map(({ attributes: { href } }) => {
      if (href == null) return null;
      const { isOurs, path, part } = target(page, href);
      return isOurs && part && parts.get(path)?.has(part) === false && `${href} is no part of ${path}`;
    }),
  );
});

test("an id is given once", () => {
  check(({ elements }) => {
    const ids = elements.map(({ attributes }) => attributes.id).filter(Boolean);
    return ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} is there twice`);
  });
});

test("a page says its language, its name, what it is for and how wide it is", () => {
  check(({ elements }) => {
    const meta = (name) => elements.find((element) => element.attributes.name === name)?.attributes.content;
    const [html] = named(elements, "html");
    const [title] = named(elements, "title");
    return [
      html?.attributes.lang !== "en" && "no lang",
      !title?.words.trim() && "no title",
      !(meta("description")?.length > 15) && "no description",
      !meta("viewport")?.includes("width=device-width") && "no viewport",
      !meta("color-scheme") && "no color-scheme",
    ];
  });
});

test("a page has one h1, and no heading leaves out a step", () => {
  check(({ elements }) => {
    const levels = whole(elements).filter(({ name }) => /^h[1-6]$/.test(name));
    const steps = levels.map(({ name }) => Number(name[1]));
    return [
      steps.filter((step) => step === 1).length !== 1 && "not one h1",
      steps[0] !== 1 && "the first heading is no h1",
      ...steps.map((step, at) => at > 0 && step > steps[at - 1] + 1 && `“${levels[at].words}” leaves out a step`),
    ];
  });
});

test("a page with a navigation begins with a way past it to its main part, and every page has one main part", () => {
  check(({ elements }) => {
    const [first] = named(elements, "a");
    const [main, more] = named(elements, "main");
    const isPast = first?.attributes.class === "skip" && first.attributes.href === `#${main?.attributes.id}`;
    return [
      (!main || more) && "not one main part",
      hasNavigation(elements) && !isPast && "no skip link",
      hasNavigation(elements) && main?.attributes.tabindex !== "-1" && "its main part cannot take the focus",
    ];
  });
});

test("what is told by looks alone has words for those who do not see it", () => {
  const isNamed = ({ attributes }) => attributes["aria-label"] || attributes["aria-labelledby"];
  check(({ elements }) => [
    ...named(elements, "img").map(({ attributes }) => attributes.alt == null && `${attributes.src} has no alt`),
    ...named(elements, "nav").map((nav) => !isNamed(nav) && "a nav without a name"),
    ...named(whole(elements), "th").map(({ words }) => !words.trim() && "an empty th"),
    ...whole(elements).map((one) => one.attributes.tabindex === "0" && !isNamed(one) && `a nameless <${one.name}> to go to`),
  ]);
});

test("no page holds a script, a style or a listener of its own, which the content policy forbids", () => {
  check(({ elements }) =>
    elements.flatMap(({ name, attributes, words }) => [
      name === "style" && "a <style>",
      name === "script" && (!attributes.src || words.trim()) && "a script in the page",
      ...Object.keys(attributes).map((key) => (key === "style" || key.startsWith("on")) && `<${name} ${key}>`),
      Object.values(attributes).some((value) => /^javascript:/i.test(value)) && `<${name}> with a javascript: address`,
    ]),
  );
});

test("every page can be reached from the first one", () => {
  const reached = new Set(["/"]);
  for (const path of reached) {
    const page = PAGES.find((other) => other.path === path);
    // What a page shows in a frame belongs to it.
    for (const { attributes } of named(page?.elements ?? [], "a", "iframe", "form")) {
      const link = attributes.href ?? attributes.src ?? attributes.action;
      if (link != null && target(page, link).isOurs) reached.add(target(page, link).path);
    }
  }
  // A page without a navigation is one that a script shows in a frame.
  const isShown = ({ path, elements }) =>
    !hasNavigation(elements) && SCRIPT_TEXTS.some((text) => text.includes(basename(path)));
  // The demo's gate leads to what is behind it.
  const gate = readFileSync(new URL("../../server/src/settings/demo.rs", import.meta.url), "utf8");
  const isBehindGate = ({ path }) => gate.includes(`"${path}"`);
  check((page) => !reached.has(page.path) && !isShown(page) && !isBehindGate(page) && "no link leads here");
});

test("the index of the documentation leads to each of its pages", () => {
  const index = PAGES.find(({ path }) => path === "/docs/");
  const links = named(index.elements, "a").filter(({ within }) => within.includes("article"));
  const linked = new Set(links.map(({ attributes }) => target(index, attributes.href).path));
  check(({ path }) => path.startsWith("/docs/") && path !== "/docs/" && !linked.has(path) && "not in the index");
});
