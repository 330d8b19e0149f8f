// @ts-check
// Puts the page together: one system, one watch, and the cards that show them.

import { Clock } from "../clock.js";
import { field, text } from "../markup.js";
import { Api } from "./api.js";
import { Glance } from "./glance.js";
import { Here } from "./here.js";
import { OverTime } from "./over_time.js";
import { PersonCard } from "./person.js";
import { Saving } from "./saving.js";
import { chosen, passOf, systems } from "./systems.js";

/** How often what no feed tells is asked again while somebody looks. */
const FIGURES_MS = 5_000;
const CHARTS_MS = 30_000;

const card = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const clock = new Clock();
const glance = new Glance(card("system"), card("warnings"), { clock });
const here = new Here(card("here"), {
  clock,
  onChoose: (user) => person.look(user),
  onChange(roll) {
    glance.here(roll);
  },
});
const person = new PersonCard(card("one"), { clock, onPerson });
// Not with every change: the browser tells its window of each title, and nobody reads so fast.
clock.onTick(() => {
  const { isKnown, people } = here.roll;
  document.title = `${isKnown ? `${people} here · ` : ""}Dashboard · stillhere`;
});
const overTime = new OverTime(card("over-time"), { clock });
const button = (/** @type {string} */ name) => field(card("over-time"), name);
const since = () => ({ from: overTime.question().from });
const saving = new Saving(button("saved"), [
  [button("save-sessions"), { path: "/admin/sessions", question: since, name: "sessions" }],
  [button("save-punches"), { path: "/punches", question: since, name: "punches" }],
  [button("save-statistics"), { path: "/admin/stats", question: () => overTime.question(), name: "statistics" }],
]);

const line = card("line");
const menu = field(card("system"), "menu");
const passForm = field(card("system"), "pass");
const main = card("main");
const params = new URLSearchParams(location.search);

/** Who looks at the system that is shown; null: nobody had to say. @type {string | null} */
let pass = null;
/** @type {import("../../client-wasm/js/watch.js").Watch | null} */
let watching = null;
/** @type {import("./systems.js").System} */
let system;
/** @type {readonly import("./systems.js").System[]} */
let all = [];

menu.addEventListener("change", () => {
  // Somebody of the same name elsewhere may be somebody else.
  remember("user", null);
  open(chosen(all, menu.value));
});
passForm.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  pass = passForm.elements.token.value.trim();
  begin();
});
field(line, "again").addEventListener("click", () => watching?.reconnect());
start();

async function start() {
  all = await systems(params.get("api"));
  field(card("system"), "choice").hidden = all.length === 1;
  menu.append(...all.map(({ name, endpoint }) => new Option(name, endpoint)));
  await open(chosen(all, params.get("api")));
  every(FIGURES_MS, () => glance.refresh());
  every(FIGURES_MS, () => person.refresh());
  every(CHARTS_MS, () => overTime.refresh());
  document.documentElement.dataset.ready = "true";
}

/** Looks at a system. @param {import("./systems.js").System} next */
async function open(next) {
  system = next;
  pass = null;
  menu.value = system.endpoint;
  remember("api", system.endpoint === "/v1" ? null : system.endpoint);
  await begin();
}

/** Asks this system everything, as whoever has the token. */
async function begin() {
  watching?.stop();
  here.forget();
  const of = system;
  const api = new Api(of.endpoint, async () => pass);
  person.use(api);
  try {
    if (of.pass && !pass) pass = await passOf(of.pass);
  } catch (/** @type {any} */ why) {
    return askForPass(why.message);
  }
  if (system !== of) return;
  try {
    await api.get("/admin/sessions", { limit: 1 });
  } catch (/** @type {any} */ why) {
    if (why.isOfToken) return askForPass(`${why.message} An admin’s is needed.`);
    // Whatever else is in the way may pass; the cards say it, and ask again.
  }
  if (system !== of) return;
  unlock();
  follow();
  saving.use(api);
  const user = params.get("user");
  if (user) person.look(user);
  else here.mark(null);
  await Promise.all([glance.use(api, of.metrics), overTime.use(api)]);
}

/** Shows nothing but the question. @param {string} why */
function askForPass(why) {
  main.classList.add("is-locked");
  passForm.hidden = false;
  text(field(passForm, "pass-why"), pass ? why : "This server shows its records to admins only. Say who you are.");
  line.dataset.state = "refused";
  text(field(line, "phase"), "waiting for a token");
  // To try again without one leads to the same.
  field(line, "again").hidden = true;
}

function unlock() {
  main.classList.remove("is-locked");
  passForm.hidden = true;
}

/** Watches everybody, wherever they are. */
async function follow() {
  const { watch } = await import("/client/watch.js");
  watching?.stop();
  const mine = (watching = watch({ endpoint: system.endpoint, ...(pass ? { token: tokenOf(system) } : { sharedAs: "anybody" }) }));
  for (const type of /** @type {const} */ (["snapshot", "join", "update", "leave"])) {
    mine.on(type, (data) => mine === watching && take(type, data));
  }
  mine.on("state", (state) => mine === watching && showLine(state));
}

/** The demo's are renewed when they are over; of others we have only the one. @type {(of: import("./systems.js").System) => () => Promise<string>} */
function tokenOf({ pass: name }) {
  return async () => (pass = name ? await passOf(name) : pass) ?? "";
}

/** @type {(type: string, data: any) => void} */
function take(type, data) {
  here.take({ type, data });
  if (type === "snapshot") return;
  glance.changed(data.at);
  person.changed(data.member?.user ?? data.user);
}

/** @param {import("../../client-wasm/js/watch.js").LineState} state */
function showLine({ phase, message }) {
  line.dataset.state = phase;
  text(field(line, "phase"), phase);
  field(line, "again").hidden = phase !== "reconnecting" && phase !== "refused";
  const isLost = phase === "reconnecting" || phase === "refused";
  const why = isLost ? `The feed is ${phase === "refused" ? "refused" : "lost"}${message ? `: ${message}` : ""}.`.replace("..", ".") : null;
  here.stale(why);
  glance.line(why);
}

/** @param {string | null} user */
function onPerson(user) {
  remember("user", user);
  here.mark(user);
}

/** Keeps in the address what is looked at, for a reload and for a colleague. @type {(name: string, value: string | null) => void} */
function remember(name, value) {
  if (value === null) params.delete(name);
  else params.set(name, value);
  const question = params.toString();
  history.replaceState(null, "", question ? `?${question}` : location.pathname);
}

/** Asks again while somebody looks, and as soon as somebody looks again. @type {(ms: number, task: () => void) => void} */
function every(ms, task) {
  setInterval(() => document.visibilityState === "visible" && passForm.hidden && task(), ms);
}
