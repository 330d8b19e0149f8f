// The page of who is online: the stage, and the admin's list, asked for again whenever the feed tells of a change.

import "../kit/source.js";
import { ago, hue } from "../../format.js";
import { Clock } from "../../clock.js";
import { Log, sentence } from "../../log.js";
import { field, stamp, text } from "../../markup.js";
import { NOBODY, fold } from "../../roster.js";
import { drawList } from "../kit/element.js";
import { showLine } from "../kit/line.js";
import { Refresh } from "../kit/refresh.js";
import { Stage } from "../kit/stage.js";
import { complain } from "../kit/toast.js";
import { list, watchList } from "./online.js";
import { ADMIN, COLLEAGUES, tokenOf } from "./cast.js";

/** Statuses change by time alone, too, and of those who left nobody tells. */
const REFRESH_MS = 5_000;

const token = tokenOf(ADMIN);
const card = document.getElementById("people");
const clock = new Clock();
const log = new Log(document.getElementById("story"));
const stage = new Stage(document.getElementById("stage"), { cast: COLLEAGUES });
for (const { user } of COLLEAGUES.slice(0, 2)) stage.open(user);

/** The newest answer. */
let people = { users: [], counts: {}, total: 0 };

const refresh = new Refresh(REFRESH_MS, async () => {
  const answer = await list(token);
  const { error } = answer;
  field(card, "trouble").hidden = !error;
  if (error) return text(field(card, "trouble"), error.message);
  people = answer;
  clock.heard(people.nowAt);
  draw();
}, complain);

function draw() {
  const { users, counts, total } = people;
  text(field(card, "total"), total);
  text(field(card, "online"), counts.online ?? 0);
  text(field(card, "away"), counts.away ?? 0);
  text(field(card, "at"), people.nowAt ? `at ${new Date(people.nowAt).toLocaleTimeString()}` : "");
  field(card, "table").hidden = users.length === 0;
  field(card, "empty").hidden = users.length > 0 || !people.nowAt;
  drawList(field(card, "rows"), users, { key: ({ user }) => user, make: row, fill });
}

function row({ user }) {
  const node = stamp("person");
  node.dataset.user = user;
  node.style.setProperty("--hue", hue(user));
  return node;
}

function fill(node, person) {
  node.dataset.status = person.status;
  for (const name of ["user", "email", "role", "department", "status"]) text(field(node, name), person[name] ?? "–");
  text(field(node, "name"), person.name ?? person.user);
  const seen = field(node, "seen");
  seen.dateTime = person.lastSeenAt;
  seen.title = `${person.lastSeenMs} ms before the answer`;
  // "Just now" of the answer stays true for as long as the list is this fresh.
  text(seen, ago(clock.since(person.lastSeenAt)));
}

clock.onTick(() => people.users.length && draw());

const here = watchList(token, () => refresh.soon());
showLine(here);

let roster = NOBODY;
for (const type of ["snapshot", "join", "update", "leave"]) {
  here.on(type, (data) => {
    const next = fold(roster, { type, data });
    roster = next.roster;
    for (const note of next.notes) {
      const name = COLLEAGUES.find(({ user }) => user === note.user)?.name ?? note.user;
      log.add(note.kind, note.at, name, sentence(note));
    }
  });
}
