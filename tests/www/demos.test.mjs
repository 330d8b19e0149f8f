import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

import { stand, words } from "../../www/demos/punch-clock/board.js";
import { asCode } from "../../www/demos/kit/code.js";
import { letters } from "../../www/demos/kit/element.js";
import { MODULES } from "../../www/demos/module-users/cast.js";
import { inARow, viewing } from "../../www/demos/module-users/viewing.js";
import { LEAVES } from "../../www/demos/session-duration/leaves.js";
import { visitIn } from "../../www/demos/session-duration/cast.js";

const DEMOS = ["punch-clock", "who-is-online", "module-users", "availability", "session-duration"];

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** A text as a reader sees it: on one line. */
const plain = (html) => html.replace(/<[^>]+>/g, "").replace(/\s+/g, " ");

/** A length as the pages say it. */
function inWords(ms) {
  const [, unit, word] = [[1, 3_600_000, "h"], [1, 60_000, "min"], [1, 1_000, "s"]].find(([, unit]) => ms % unit === 0);
  return `${ms / unit} ${word}`;
}

test("each_demo_says_the_numbers_of_the_preset_that_ships", async () => {
  /** Of each preset: what its line says besides the interval. */
  const silence = (number) => number("interval_ms") * ((number("missed_beats") || 1) + 1) + number("grace_ms");
  const also = {
    "punch-clock": (number) => [silence(number)],
    "who-is-online": (number) => [number("hidden_hold_ms")],
    "module-users": (number) => [number("hidden_hold_ms")],
    availability: (number) => [silence(number), 120_000, 3_600_000],
    "session-duration": (number) => [number("hidden_hold_ms")],
  };
  for (const demo of DEMOS) {
    const preset = await read(`server/presets/${demo}.toml`);
    const number = (name) => Number(new RegExp(`^${name} = (\\d+)`, "m").exec(preset)?.[1] ?? 0);
    const page = await read(`www/demos/${demo}/index.html`);
    const said = plain(/<p class="preset"[\s\S]*?<\/p>/.exec(page)[0]);
    assert.ok(said.includes(demo), said);
    for (const ms of [number("interval_ms"), ...also[demo](number)]) {
      assert.ok(said.includes(inWords(ms)), `${demo} says ${inWords(ms)}: ${said}`);
    }
    for (const [, within] of preset.matchAll(/_within_ms = (\d+)/g)) {
      assert.ok(said.includes(inWords(Number(within))), `${demo}, a rung of ${within}: ${said}`);
    }
  }
});

test("each_page_has_one_heading_a_title_a_way_past_the_head_and_words_for_who_has_no_scripts", async () => {
  const pages = ["index.html", ...DEMOS.map((demo) => `${demo}/index.html`), "session-duration/report.html"];
  for (const name of pages) {
    const page = await read(`www/demos/${name}`);
    assert.equal(page.match(/<h1/g).length, 1, name);
    for (const needed of ["<title>", '<meta name="description"', 'class="skip"', "<noscript>", 'aria-label="Site"', "<main id=\"main\""]) {
      assert.ok(page.includes(needed), `${name} has ${needed}`);
    }
    assert.doesNotMatch(page, /<script>|style="| on[a-z]+="/, `${name}: the policy forbids it`);
  }
});

test("the_code_that_is_shown_is_a_file_that_runs_and_short", async () => {
  for (const demo of DEMOS) {
    const page = await read(`www/demos/${demo}/index.html`);
    const source = /data-source="([^"]+)"/.exec(page)[1];
    const code = asCode(await read(`www/demos/${demo}/${source}`));
    assert.match(code, /from "\/client\/index.js"/, demo);
    assert.ok(code.includes(`/${demo}/v1`), demo);
    const lines = code.split("\n").filter((line) => line.trim() && !line.startsWith("/**"));
    assert.ok(lines.length <= 16, `${demo} shows ${lines.length} lines`);
    const users = (await readdir(new URL(`../../www/demos/${demo}`, import.meta.url))).filter((file) => file.endsWith(".js"));
    const texts = await Promise.all(users.map((file) => read(`www/demos/${demo}/${file}`)));
    assert.ok(texts.some((text) => text.includes(`from "./${source}"`)), `${demo} runs ${source}`);
  }
});

test("code_is_shown_without_what_it_says_of_this_project", () => {
  assert.equal(asCode("// A module of ours.\n\nimport 1;\n// why\nrun();\n"), "import 1;\n// why\nrun();");
  assert.equal(asCode("run();"), "run();");
});

test("the_modules_are_those_of_the_preset", async () => {
  const preset = await read("server/presets/module-users.toml");
  assert.deepEqual(Object.keys(MODULES), JSON.parse(/channels = (\[.*\])/.exec(preset)[1]));
});

test("who_is_viewing_a_request_is_a_sentence_without_oneself", () => {
  const member = (user, page) => ({ user, page });
  const view = { me: "you", page: "/17", title: "request 17", nameOf: (user) => user };
  const say = (...members) => viewing(members, view);
  assert.equal(say(), "Nobody else is viewing request 17.");
  assert.equal(say(member("you", "/17"), member("Bob", "/18"), member("Cleo", null)), "Nobody else is viewing request 17.");
  assert.equal(say(member("you", "/17"), member("Ann", "/17")), "Ann is viewing request 17.");
  assert.equal(say(member("Cleo", "/17"), member("Ann", "/17"), member("Bob", "/17")), "Ann, Bob and Cleo are viewing request 17.");
  assert.equal(inARow([]), "");
});

test("how_somebody_stands_follows_from_their_newest_punch", () => {
  const at = "2026-01-02T09:00:00.000Z";
  assert.equal(stand(undefined).word, "out");
  assert.deepEqual(["IN", "OUT", "AUTO_OUT"].map((kind) => stand({ kind, at }).word), ["in", "out", "punched out"]);
  const noticed = words({ kind: "AUTO_OUT", at, detectedAt: "2026-01-02T09:00:30.250Z" });
  assert.match(noticed, /AUTO_OUT, noticed 30s after the last sign of life/);
});

test("the_gates_cookie_names_the_session_up_to_its_first_dot", () => {
  assert.equal(visitIn("theme=dark; stillhere_session=AbC-1_2.user.1.2.seal; x=y"), "AbC-1_2");
  assert.equal(visitIn("stillhere_session=Z.u"), "Z");
  assert.equal(visitIn("not_stillhere_session=Z.u"), null);
  assert.equal(visitIn(""), null);
});

test("the_first_page_of_the_report_reads_the_same_with_scripts_and_without", async () => {
  const page = plain(await read("www/demos/session-duration/report.html"));
  for (const words of [LEAVES[0].title, ...LEAVES[0].paragraphs]) assert.ok(page.includes(words), words);
});

test("letters_stand_for_a_name_and_not_for_a_title", () => {
  assert.equal(letters("Dr. Ada Brook"), "AB");
  assert.equal(letters("Ann Miller"), "AM");
});
