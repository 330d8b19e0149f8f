// The report behind the gate: it can be leafed through, beats by the gate's cookie, and shows its reader their time.

import { countdown, count, length } from "../../format.js";
import { field, text } from "../../markup.js";
import { element, drawList } from "../kit/element.js";
import { Refresh } from "../kit/refresh.js";
import { complain } from "../kit/toast.js";
import { SYSTEM, askAsOwner, asOwner, visitIn } from "./cast.js";
import { LEAVES } from "./leaves.js";
import { read, timeOf } from "./reading.js";
import { drawStays } from "./stays.js";

/** Beats come three minutes apart, and each is looked up at once; this is for other tabs of the same reader. */
const REFRESH_MS = 10_000;

const act = (name) => document.querySelector(`[data-act=${name}]`);
const visit = visitIn(document.cookie);
let number = 1;
const path = () => `/report/${number}`;

const heart = visit ? await read(path()) : null;
if (heart) follow();
else refuse("You have not come through the gate, so nobody knows who reads here.");

function turn(by) {
  number += by;
  const { title, paragraphs } = LEAVES[number - 1];
  text(field(document, "leaf-title"), title);
  text(field(document, "number"), number);
  field(document, "leaf").replaceChildren(...paragraphs.map((words) => element("p", {}, words)));
  act("back").disabled = number === 1;
  act("on").disabled = number === LEAVES.length;
  heart?.setPage(path());
}

act("back").addEventListener("click", () => turn(-1));
act("on").addEventListener("click", () => turn(1));

function refuse(words) {
  const fault = field(document, "fault");
  fault.hidden = false;
  fault.replaceChildren(`${words} `, element("a", { href: "./" }, "Go to the gate"), ".");
  for (const id of ["own", "stays"]) document.getElementById(id).hidden = true;
}

function follow() {
  const refresh = new Refresh(REFRESH_MS, showTime, complain);
  heart.on("beat", ({ ok }) => {
    if (!ok) return;
    document.documentElement.dataset.ready = "true";
    refresh.soon();
  });
  heart.on("error", ({ message, retry }) => (retry ? complain(message) : refuse(message)));
  setInterval(() => {
    const { inMs = Infinity } = heart.next ?? {};
    const when = Number.isFinite(inMs) ? `The next beat comes in ${countdown(inMs)}.` : "No beat while nobody looks.";
    text(field(document, "next"), when);
  }, 500);
  act("beat").disabled = false;
  act("beat").addEventListener("click", () => heart.beatNow());
  act("leave").addEventListener("click", () => leave().catch(complain));
}

/** What the server has kept of this reader, whose address it alone knows. */
async function showTime() {
  const { session: { user } } = await askAsOwner(`sessions/${visit}`);
  const [{ nowAt, sessions }, { total }, { pages }] = await Promise.all([
    askAsOwner(`sessions?limit=20&user=${encodeURIComponent(user)}`),
    timeOf(user, asOwner),
    askAsOwner(`sessions/${heart.session}`),
  ]);
  text(field(document, "total"), length(total.durationMs));
  const times = count(total.sessions, "session", "sessions");
  text(field(document, "whose"), `of ${user}, in ${times}, ${length(total.visibleMs)} of it in view`);
  drawPages(pages, nowAt);
  drawStays(document.getElementById("stays"), sessions, nowAt);
}

function drawPages(pages, nowAt) {
  drawList(field(document, "pages"), pages, {
    key: ({ fromAt }) => fromAt,
    make: () => element("li", {},
      element("span", { class: "who", "data-field": "page" }), element("span", { class: "how", "data-field": "stay" })),
    fill(node, { page, fromAt, untilAt }) {
      text(field(node, "page"), page ?? "the gate");
      text(field(node, "stay"), length(Date.parse(untilAt ?? nowAt) - Date.parse(fromAt)) + (untilAt ? "" : " so far"));
    },
  });
}

/** Ends the stay and the visit: the cookie is forgotten. */
async function leave() {
  heart.signOut();
  await fetch(`/${SYSTEM}/v1/sessions/${visit}`, { method: "DELETE" });
  location.href = "./";
}
