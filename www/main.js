// Puts the page together: one person, one heart, one watch, and the cards that show them.

import { Clock } from "./clock.js";
import { countdown } from "./format.js";
import { Heart } from "./heart.js";
import { Log } from "./log.js";
import { field, text } from "./markup.js";
import { Person } from "./person.js";
import { Roster } from "./roster.js";
import { Sessions } from "./sessions.js";

const params = new URLSearchParams(location.search);
const channel = params.get("channel") || "site";
const card = (id) => document.getElementById(id);

const clock = new Clock();

const person = new Person(card("heart"), {
  onChange(name) {
    roster.rename(name);
    heart.restart();
  },
});

const heart = new Heart(card("heart"), {
  clock,
  load: () => import("/client/index.js"),
  options: () => ({
    endpoint: "/v1",
    token: person.name,
    channel,
    page: location.pathname,
    ...(Number(params.get("interval")) > 0 && { intervalMs: Number(params.get("interval")) }),
  }),
  onFirstAnswer() {
    document.documentElement.dataset.ready = "true";
  },
});

const roster = new Roster(card("roster"), { clock, me: person.name });
const log = new Log(card("roster"));
const sessions = new Sessions(card("sessions"), {
  clock,
  channel: params.has("channel") ? channel : null,
  onRows: (rows) => heart.record(rows),
});

const line = card("line");
const loss = { at: null, isTold: false, retryAt: null };

field(card("heart"), "second").href = Person.elsewhere();
heart.start();

// After that, as the heart says on the page when the client was not built.
const { watch } = await import("/client/watch.js");
// The demo's server shows the same to everybody, so every tab can share one stream.
const here = watch({ endpoint: "/v1", channel, sharedAs: "anybody" });

for (const type of ["snapshot", "join", "update", "leave"]) {
  here.on(type, (data) => {
    if (type === "snapshot") clock.heard(data.nowAt);
    for (const note of roster.take({ type, data })) log.tell(note, person.name);
    sessions.changed();
    document.title = `${roster.size} here · stillhere`;
  });
}

function showLine(state) {
  line.dataset.state = state.phase;
  text(field(line, "phase"), state.phase);
  loss.retryAt = state.inMs ? performance.now() + state.inMs : null;
  if (state.phase === "live") recover();
  if (state.phase === "reconnecting") loss.at ??= clock.now();
  if (state.phase === "refused") roster.refuse(state.message);
  field(line, "again").hidden = state.phase !== "reconnecting" && state.phase !== "refused";
  tellLine();
}

here.on("state", showLine);

/** A line that is back within this time was never worth a word. */
const HICCUP_MS = 2_000;

function recover() {
  if (loss.isTold) {
    log.remark("The line to the server is back.", clock.now());
    sessions.changed();
  }
  Object.assign(loss, { at: null, isTold: false });
  roster.stale(null);
}

function tellLine() {
  const leftMs = loss.retryAt === null ? 0 : loss.retryAt - performance.now();
  text(field(line, "more"), leftMs > 0 ? `in ${countdown(leftMs)}` : "");
  if (loss.at === null || loss.isTold || clock.now() - loss.at < HICCUP_MS) return;
  loss.isTold = true;
  roster.stale(loss.at);
  log.remark("The line to the server is lost.", loss.at);
  sessions.changed();
}

clock.onTick(tellLine);
field(line, "again").addEventListener("click", () => here.reconnect());
