// What the documentation says of the client and of the server, held against both.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isOption, wrong } from "../../client-wasm/js/options.js";
import { watch } from "../../client-wasm/js/watch.js";
import { pages } from "./html.mjs";
import { callsOf, entriesAt, importsOf, namesIn, snippetsOf, valueOf } from "./snippets.mjs";

const PAGES = pages();
const SNIPPETS = PAGES.flatMap((page) => snippetsOf(page).map((snippet) => ({ ...snippet, path: page.path })));
const CLIENT = PAGES.find(({ path }) => path === "/docs/client.html");

const types = (name) => readFileSync(new URL(`../../client-wasm/js/${name}.d.ts`, import.meta.url), "utf8");
const camel = (dashed) => dashed.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** What is exported by a module, as its types say; those that it hands on, too. */
function exportsOf(name) {
  const text = types(name);
  const found = (pattern) => [...text.matchAll(pattern)].map(([, it]) => it);
  const named = found(/export (?:function|class|const|interface|type) (\w+)/g);
  const handed = found(/export (?:type )?\{([^}]*)\}/g).flatMap((names) => names.split(",").map((it) => it.trim()));
  const all = found(/export \* from "\.\/(\w+)\.js"/g).flatMap((from) => [...exportsOf(from)]);
  return new Set([...named, ...handed, ...all]);
}

/** Says of each snippet what is wrong with it, and counts what it has looked at. */
function check(faults) {
  const looked = SNIPPETS.flatMap(({ path, label, text }) =>
    faults(text).map((fault) => fault && `${path}, ${label}: ${fault}`),
  );
  assert.deepEqual(looked.filter(Boolean), []);
  return looked.length;
}

/** The first column of a table of the client's page. */
function firstColumn(id) {
  const at = CLIENT.elements.findIndex(({ attributes }) => attributes.id === id);
  assert.ok(at >= 0, `there is no table ${id}`);
  const rest = CLIENT.elements.slice(at + 1);
  const end = rest.findIndex(({ name }) => name === "table");
  const table = end < 0 ? rest : rest.slice(0, end);
  const first = table.filter(({ name }, place) => name === "td" && table[place - 1]?.name === "tr");
  return first.map(({ words }) => words);
}

test("what is read of a snippet is what it says", () => {
  const text = `await start({ endpoint: "https://a,b", token, // why, {not}
    page: () => f({ a: [1, 2] }), n: 300_000 });`;
  const entries = entriesAt(text, text.indexOf("{"));
  const call = ["page", "() => f({ a: [1, 2] })"];
  assert.deepEqual(entries, [["endpoint", '"https://a,b"'], ["token", undefined], call, ["n", "300_000"]]);
  assert.deepEqual(entries.map(([, source = ""]) => valueOf(source)), ["https://a,b", undefined, undefined, 300_000]);
  assert.throws(() => entriesAt("start({ a", 6), /has no end/);
});

test("every option that a snippet starts the heart with is one, and can be meant", () => {
  const looked = check((text) =>
    callsOf("start", text).flat().map(([name, source]) => wrong(name, source === undefined ? null : valueOf(source))),
  );
  assert.ok(looked > 20, `${looked} options`);
});

test("every option of a script tag, of a provider and of the element is one", () => {
  const found = (text, pattern) => [...text.matchAll(pattern)].map(([, it]) => it);
  const looked = check((text) => {
    const dashed = found(text, /\sdata-([\w-]+)=/g).filter((name) => name !== "token-from");
    const tags = found(text, /<(?:StillhereProvider|still-here)([^>]*(?:=>[^>]*)*)>/g);
    const names = [...dashed.map(camel), ...tags.flatMap((inside) => found(inside, /\s(\w+)=/g))];
    return names.map((name) => !isOption(name) && name);
  });
  assert.ok(looked > 10, `${looked} options`);
});

test("every option that a snippet watches with is one", () => {
  const refused = ([name]) => {
    try {
      watch({ [name]: Symbol(name) });
    } catch (thrown) {
      return thrown.message.includes("has no option") && thrown.message;
    }
    return false;
  };
  const looked = check((text) => callsOf("watch", text).flat().map(refused));
  assert.ok(looked > 12, `${looked} options`);
});

/** The module of ours that an import means; `undefined` for those of others. */
function moduleOf(from) {
  const [, name, own] = /^stillhere(?:\/(\w+))?$|\/client\/(\w+)\.js$/.exec(from) ?? [];
  return name ?? own ?? (from === "stillhere" ? "index" : undefined);
}

test("every name that a snippet imports from the client is there to be imported", () => {
  const looked = check((text) =>
    importsOf(text).flatMap(([names, from]) => {
      const file = moduleOf(from);
      return file ? names.map((name) => !exportsOf(file).has(name) && `${from} has no ${name}`) : [];
    }),
  );
  assert.ok(looked > 15, `${looked} names`);
});

test("every flag of the server in a snippet is a setting, or says where settings are", () => {
  const { elements } = PAGES.find(({ path }) => path === "/docs/settings.html");
  const rows = elements.filter(({ name }) => name === "tr").map(({ attributes }) => attributes.id);
  const names = new Set(["preset", "config", ...rows]);
  const looked = check((text) => {
    const lines = [...text.matchAll(/stillhere (?:serve|print-config|check-config)([^\n]*)/g)];
    const flags = lines.flatMap(([, rest]) => [...rest.matchAll(/--([\w-]+)/g)].map(([, flag]) => flag));
    return flags.map((flag) => !names.has(flag.replaceAll("-", "_")) && `--${flag}`);
  });
  assert.ok(looked > 8, `${looked} flags`);
});

test("the client's page has every option, member, event and export, and none that is not there", () => {
  const sorted = (names) => [...names].sort();
  const options = /there are (.*)$/.exec(wrong("nothing", 1))[1].split(", ");
  const [heart, watching] = [types("heart"), types("watch")];
  const functions = (file) => [...types(file).matchAll(/export function (\w+)/g)].map(([, name]) => name);
  const rows = {
    "start-options": options,
    "handle-members": namesIn(heart, "export interface Handle "),
    "heart-events": namesIn(heart, "export interface Events "),
    "watch-options": ["Topic", "WatchOptions"].flatMap((name) => namesIn(watching, `export interface ${name} `)),
    "watch-members": namesIn(watching, "export interface Watch "),
    "watch-event-list": namesIn(watching, "export interface WatchEvents "),
    "react-exports": functions("react"),
    "vue-exports": functions("vue"),
  };
  for (const [id, names] of Object.entries(rows)) assert.deepEqual(sorted(firstColumn(id)), sorted(names), id);
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const names = Object.keys(exports).filter((name) => name !== "./package.json");
  const entries = names.map((name) => name.replace(/^\./, "stillhere"));
  assert.deepEqual(sorted(firstColumn("entries")), sorted(entries));
});
