// The page of the modules: the tiles with their numbers, the stage, and the request that several people look at.

import "../kit/source.js";
import { Clock } from "../../clock.js";
import { Log, sentence } from "../../log.js";
import { field, text } from "../../markup.js";
import { NOBODY, fold } from "../../roster.js";
import { drawList, element } from "../kit/element.js";
import { showLine } from "../kit/line.js";
import { Refresh } from "../kit/refresh.js";
import { Stage } from "../kit/stage.js";
import { ask } from "../kit/token.js";
import { complain } from "../kit/toast.js";
import { count, crowd, work } from "./modules.js";
import { viewing } from "./viewing.js";
import { MODULES, PAGES, SYSTEM, USERS, YOU, nameOf, tokenOf } from "./cast.js";

/** What only the store knows, today and ever, is asked for as often as the old pages did. */
const REFRESH_MS = 30_000;

const token = tokenOf(YOU);
const clock = new Clock();
const log = new Log(document.getElementById("story"));
const request = document.getElementById("request");
const choice = field(request, "page");

/** Where the visitor is. */
const here = { module: "crm", page: "/requests/17" };
/** By module: how many are there, were today, have ever been. */
const numbers = new Map(Object.keys(MODULES).map((module) => [module, { now: 0, today: 0, ever: 0 }]));

const heart = work(token, here.module, here.page);
heart.then((heart) => heart.on("error", ({ message }) => complain(message)), complain);

const refresh = new Refresh(REFRESH_MS, async () => {
  const { nowAt, channels } = await ask(`/${SYSTEM}/v1/channels`, token);
  clock.heard(nowAt);
  for (const { channel, today, ever } of channels) Object.assign(numbers.get(channel) ?? {}, { today, ever });
  drawTiles();
}, complain);

const counts = count(token, (counts) => {
  const users = new Map(counts.map(({ channel, users }) => [channel, users]));
  for (const [module, number] of numbers) number.now = users.get(module) ?? 0;
  drawTiles();
  refresh.soon();
});
showLine(counts);

function drawTiles() {
  drawList(field(document, "tiles"), [...numbers], { key: ([module]) => module, make: tile, fill: fillTile });
}

function tile([module]) {
  const go = element("button", { type: "button", class: "secondary small", onclick: () => move(module) },
    "Go there", element("span", { class: "visually-hidden" }, `: ${MODULES[module]}`));
  const number = (name) => element("b", { "data-field": name, "data-testid": `${module}-${name}` });
  return element("li", { class: "tile", "data-module": module },
    element("h3", {}, MODULES[module]),
    element("p", { class: "now" }, number("now"), element("small", {}, " now")),
    element("p", { class: "since" }, number("today"), " today, ", number("ever"), " ever"),
    go);
}

function fillTile(node, [module, number]) {
  for (const [name, value] of Object.entries(number)) text(field(node, name), value);
  const isHere = module === here.module;
  node.classList.toggle("is-here", isHere);
  const go = node.querySelector("button");
  go.setAttribute("aria-current", String(isHere));
  text(go.firstChild, isHere ? "You are here" : "Go there");
}

function words(note) {
  if (note.kind === "page") return `moved to ${PAGES[note.page] ?? note.page}`;
  return note.reason === "moved" ? "went to another module" : sentence(note);
}

/** The members of the visitor's module, and the line that tells of them. */
let roster = NOBODY;
let line = null;

function follow() {
  line?.stop();
  roster = NOBODY;
  line = crowd(token, here.module, showViewing);
  for (const type of ["snapshot", "join", "update", "leave"]) line.on(type, (data) => note(type, data));
}

function note(type, data) {
  const next = fold(roster, { type, data });
  roster = next.roster;
  for (const note of next.notes) {
    if (note.user !== YOU.user) log.add(note.kind, note.at, nameOf(note.user), words(note));
  }
}

function showViewing(members) {
  const title = PAGES[here.page];
  text(field(request, "title"), title[0].toUpperCase() + title.slice(1));
  text(field(request, "viewing"), viewing(members, { me: YOU.user, page: here.page, title, nameOf }));
}

async function move(module) {
  if (module === here.module) return;
  here.module = module;
  drawTiles();
  follow();
  log.remark(`You have moved to ${MODULES[module]}.`, clock.now());
  (await heart).setChannel(module);
}

for (const [value, words] of Object.entries(PAGES)) choice.append(element("option", { value }, words));
choice.value = here.page;
choice.addEventListener("change", async () => {
  here.page = choice.value;
  showViewing(line.members);
  (await heart).setPage(here.page);
});

const stage = new Stage(document.getElementById("stage"), { cast: USERS });
for (const { user } of USERS.slice(0, 2)) stage.open(user);
drawTiles();
follow();
