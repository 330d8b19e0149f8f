// Who is in and who is out, and since when: a pure fold of the log, and the list that shows it.

import { countdown, count, hue, length, timeOfDay } from "../../format.js";
import { field, text } from "../../markup.js";
import { drawList, element, letters } from "../kit/element.js";
import { EMPLOYEES } from "./cast.js";

/** A row of the log as the words that follow a name. */
export function words({ kind, at, detectedAt }) {
  if (kind === "IN") return "punched in: IN";
  if (kind === "OUT") return "punched out: OUT";
  if (kind === "CORRECTION") return `was heard until ${timeOfDay(at)} after all: CORRECTION`;
  const after = Date.parse(detectedAt) - Date.parse(at);
  return `was punched out by the clock: AUTO_OUT, noticed ${length(after)} after the last sign of life`;
}

/** How somebody stands after their newest row: `{word, since}`. */
export function stand(punch) {
  if (!punch) return { word: "out", since: "not in today" };
  const at = timeOfDay(punch.at);
  if (punch.kind === "IN") return { word: "in", since: `since ${at}` };
  if (punch.kind === "OUT") return { word: "out", since: `since ${at}` };
  return { word: "punched out", since: `last heard at ${at}` };
}

/** The rows of the log that are known, by the names that the log has for them: stay and kind. */
const nameOf = ({ user, epoch, kind, at }) => `${user} ${epoch} ${kind} ${at}`;

/** The board on the page, and Ann's phone below it. */
export class Board {
  #root;
  #clock;
  /** The newest row of each person. */
  #punches = new Map();
  #known = new Set();
  #members = new Map();
  /** Until when those stay in of whom nothing is heard. */
  #due = new Map();

  constructor(root, clock) {
    this.#root = root;
    this.#clock = clock;
    clock.onTick(() => this.#draw());
  }

  knows(punch) {
    return this.#known.has(nameOf(punch));
  }

  punched(punch) {
    this.#known.add(nameOf(punch));
    // A correction says more about a stay that is over, and changes nothing about now.
    if (punch.kind !== "CORRECTION") this.#punches.set(punch.user, punch);
    if (punch.kind !== "IN") this.#due.delete(punch.user);
    this.#draw();
  }

  /** Who has a tab open. */
  here(members) {
    this.#members = new Map(members.map((member) => [member.user, member]));
    this.#draw();
  }

  /** Nothing more is heard of somebody, who stays in until then; null: they are back. */
  expect(user, at) {
    if (at) this.#due.set(user, Date.parse(at));
    else this.#due.delete(user);
    this.#draw();
  }

  /** The newest row of somebody. */
  newest(user) {
    return this.#punches.get(user);
  }

  showOwn(punch) {
    const { word, since } = stand(punch);
    text(field(this.#root, "ann"), word);
    text(field(this.#root, "ann-since"), since);
  }

  #draw() {
    const isIn = ({ user }) => this.#punches.get(user)?.kind === "IN";
    text(field(this.#root, "count"), EMPLOYEES.filter(isIn).length);
    drawList(field(this.#root, "people"), EMPLOYEES, {
      key: ({ user }) => user,
      make: row,
      fill: (node, person) => this.#fill(node, person),
    });
  }

  #fill(node, { user }) {
    const { word, since } = stand(this.#punches.get(user));
    const member = this.#members.get(user);
    const leftMs = this.#due.get(user) - this.#clock.now();
    node.dataset.stand = word;
    const status = field(node, "status");
    status.dataset.status = word;
    text(status, word);
    text(field(node, "since"), since);
    const tabs = member ? `${count(member.sessions, "tab", "tabs")} open` : "no tab open";
    const isWarned = word === "in" && leftMs >= 0;
    text(field(node, "tabs"), isWarned ? `silent: punched out in ${countdown(leftMs)}` : tabs);
    field(node, "tabs").classList.toggle("is-warned", isWarned);
  }
}

function row({ user, name }) {
  const node = element("li", { "data-testid": "employee", "data-user": user },
    element("span", { class: "avatar", "aria-hidden": "true" }, letters(name)),
    element("span", { class: "who" }, element("b", {}, name), element("small", { "data-field": "tabs" })),
    element("span", { class: "how" },
      element("span", { class: "status", "data-field": "status" }), element("small", { "data-field": "since" })),
  );
  node.style.setProperty("--hue", hue(user));
  return node;
}
