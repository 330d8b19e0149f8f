// The page of availability: the stage with the therapists, and the public list of who can be reached.

import "../kit/source.js";
import { ago, hue } from "../../format.js";
import { Clock } from "../../clock.js";
import { Log, sentence } from "../../log.js";
import { field, text } from "../../markup.js";
import { NOBODY, fold } from "../../roster.js";
import { drawList, element, letters } from "../kit/element.js";
import { showLine } from "../kit/line.js";
import { Refresh } from "../kit/refresh.js";
import { Stage } from "../kit/stage.js";
import { complain } from "../kit/toast.js";
import { follow, list } from "./reach.js";
import { Wanted } from "./wanted.js";
import { CLIENT, THERAPISTS, tokenOf } from "./cast.js";

/** Statuses of those who have left change by time alone. */
const REFRESH_MS = 30_000;

const WORDS = { online: "online", recent: "recently active", available: "available" };

const token = tokenOf(CLIENT);
const card = document.getElementById("list");
const clock = new Clock();
const log = new Log(document.getElementById("story"));
const wanted = new Wanted();
/** What the server said last of each, and who of them has a tab. */
let known = new Map();
let roster = NOBODY;

const nameOf = (user) => THERAPISTS.find((person) => person.user === user)?.name ?? user;

const refresh = new Refresh(REFRESH_MS, async () => {
  const { nowAt, users, error } = await list(token);
  field(card, "trouble").hidden = !error;
  if (error) return text(field(card, "trouble"), error.message);
  clock.heard(nowAt);
  known = new Map(users.map((person) => [person.user, person]));
  draw();
}, complain);

const here = follow(THERAPISTS.map(({ user }) => user), token, {
  onChange: () => refresh.soon(),
  onBack: (user) => wanted.came({ user, name: nameOf(user) }),
});
showLine(here);

for (const type of ["snapshot", "join", "update", "leave"]) {
  here.on(type, (data) => {
    const next = fold(roster, { type, data });
    roster = next.roster;
    for (const note of next.notes) log.add(note.kind, note.at, nameOf(note.user), sentence(note));
    draw();
  });
}

function draw() {
  text(field(card, "count"), [...known.values()].filter(({ status }) => status === "online").length);
  drawList(field(card, "people"), THERAPISTS, { key: ({ user }) => user, make: row, fill });
}

function row({ user, name, specialties }) {
  const act = () => {
    wanted.toggle(user);
    draw();
  };
  const node = element("li", { "data-testid": "therapist", "data-user": user },
    element("span", { class: "avatar", "aria-hidden": "true" }, letters(name)),
    element("span", { class: "who" }, element("b", {}, name), element("small", {}, specialties)),
    element("span", { class: "how" },
      element("span", { class: "status", "data-field": "status" }), element("small", { "data-field": "seen" })),
    element("button", { type: "button", class: "quiet", "data-act": "tell", onclick: act },
      "Tell me when back", element("span", { class: "visually-hidden" }, `: ${name}`)));
  node.style.setProperty("--hue", hue(user));
  return node;
}

function fill(node, { user }) {
  const { status = "available", lastSeenAt } = known.get(user) ?? {};
  // A tab that the browser has put to sleep is still there, and nobody is at it.
  const isHere = roster.members.get(user)?.status === "online";
  node.dataset.status = status;
  field(node, "status").dataset.status = status;
  text(field(node, "status"), WORDS[status] ?? status);
  const seen = lastSeenAt ? `seen ${ago(clock.since(lastSeenAt))}` : "not seen lately";
  text(field(node, "seen"), isHere ? "here now" : seen);
  const button = node.querySelector("button");
  button.setAttribute("aria-pressed", String(wanted.has(user)));
  button.hidden = isHere;
}

clock.onTick(draw);

const stage = new Stage(document.getElementById("stage"), { cast: THERAPISTS });
for (const { user } of THERAPISTS.slice(0, 2)) stage.open(user);
