// @ts-check
// The card of who is here now: channels with their numbers, and the list of those who fit.

import { count, length } from "../format.js";
import { field, stamp, text } from "../markup.js";
import { oncePerFrame } from "./frame.js";
import { LongList } from "./long_list.js";
import { keyOf, Roll, userOf } from "./roll.js";

/** As many channels as can be chosen by a button. The numbers above count all of them. */
const MOST_CHANNELS = 50;

/** What a status of one step only means by its dot: here. */
const HERE = new Set(["online", "in", "active"]);

/** How a status looks; its word stands beside it. @type {(status: string) => string} */
export function look(status) {
  return HERE.has(status) ? "online" : status;
}

export class Here {
  roll = new Roll();
  #clock;
  #parts;
  #root;
  #list;
  #draw = oncePerFrame(() => this.#paint());
  /** @type {Map<string, HTMLElement>} */
  #buttons = new Map();
  #wish = { channel: "", status: "", text: "" };
  #onChange;
  /** Whether what is shown is from before the feed was lost. */
  #isStale = false;
  /** Who is looked at elsewhere on the page. @type {string | null} */
  #user = null;
  /** Their row: the one that was chosen, or the first of theirs. @type {string | null} */
  #chosen = null;

  /** @param {HTMLElement} root @param {{ clock: import("../clock.js").Clock, onChoose: (user: string) => void, onChange: (roll: Roll) => void }} to */
  constructor(root, { clock, onChoose, onChange }) {
    this.#root = root;
    this.#clock = clock;
    this.#onChange = onChange;
    const names = ["people", "channels", "filter", "status", "found", "waiting", "empty", "list", "more-channels"];
    this.#parts = Object.fromEntries(names.map((name) => [name, field(root, name)]));
    this.#list = new LongList(this.#parts.list, {
      make: () => stamp("member"),
      fill: (row, key) => this.#fill(row, key),
      choose: (key) => {
        this.#chosen = key;
        onChoose(userOf(key));
      },
      isChosen: (key) => key === this.#chosen,
    });
    this.#parts.filter.addEventListener("input", () => this.#want({ text: this.#parts.filter.value.trim() }));
    this.#parts.status.addEventListener("change", () => this.#want({ status: this.#parts.status.value }));
    clock.onTick(() => this.roll.isKnown && this.#draw());
  }

  /** Takes an event of the feed. However many come, they are drawn once a frame. @param {{ type: string, data: any }} event */
  take(event) {
    if (this.roll.take(event)) this.#draw();
  }

  /** Somebody is looked at, wherever they have been chosen. @param {string | null} user */
  mark(user) {
    this.#user = user;
    this.#draw();
  }

  /** Another system: nothing is known of it yet. @param {string} why */
  forget(why = "Asking who is here.") {
    this.roll = new Roll();
    this.#want({ channel: "" });
    text(this.#parts.waiting, why);
  }

  /** Says why there is no list, or that the one that is shown is old (null: it is not). @param {string | null} why */
  stale(why) {
    this.#isStale = why !== null;
    this.#root.classList.toggle("is-stale", this.#isStale);
    if (why !== null) text(this.#parts.waiting, why);
    this.#draw();
  }

  /** @param {Partial<{ channel: string, status: string, text: string }>} wish */
  #want(wish) {
    Object.assign(this.#wish, wish);
    this.#draw();
  }

  #paint() {
    const { roll } = this;
    const parts = this.#parts;
    const keys = roll.select(this.#wish);
    this.#find();
    text(parts.people, roll.isKnown ? roll.people.toLocaleString() : "–");
    parts.waiting.hidden = roll.isKnown;
    parts.empty.hidden = !roll.isKnown || keys.length > 0;
    text(parts.empty, this.#emptyWords());
    parts.list.hidden = keys.length === 0;
    const isAll = !this.#wish.channel && !this.#wish.status && !this.#wish.text;
    text(parts.found, roll.isKnown && !isAll ? `${count(keys.length, "fits", "fit")}.` : "");
    this.#drawChannels();
    this.#drawStatuses();
    this.#list.show(keys);
    this.#onChange(roll);
  }

  #emptyWords() {
    if (this.roll.people > 0) return "Nobody who is here fits. Choose all channels and statuses, or look the name up.";
    return this.#isStale ? "Nobody was here when the feed was lost."
      : "Nobody is here. As soon as somebody opens a page that beats, they appear.";
  }

  #find() {
    const isFound = this.#chosen !== null && userOf(this.#chosen) === this.#user && this.roll.member(this.#chosen);
    if (isFound) return;
    const [first] = this.#user === null ? [] : this.roll.of(this.#user);
    this.#chosen = first ? keyOf(first.channel, first.user) : null;
  }

  #drawChannels() {
    const channels = this.roll.channels();
    const shown = channels.slice(0, MOST_CHANNELS);
    const { channel } = this.#wish;
    // Who looks at a channel goes on looking at it when everybody has left.
    if (channel && !shown.some((tally) => tally.channel === channel)) {
      shown.push(channels.find((tally) => tally.channel === channel) ?? { channel, users: 0, statuses: new Map() });
    }
    const names = new Set(["", ...shown.map((tally) => tally.channel)]);
    for (const [name, button] of this.#buttons) {
      if (names.has(name)) continue;
      button.remove();
      this.#buttons.delete(name);
    }
    const everywhere = channels.reduce((sum, { users }) => sum + users, 0);
    this.#drawChannel("", "All channels", everywhere, 0);
    shown.forEach(({ channel: name, users }, at) => this.#drawChannel(name, name, users, at + 1));
    const left = channels.length - shown.length;
    text(this.#parts["more-channels"], left > 0 ? `and ${count(left, "smaller channel", "smaller channels")}` : "");
  }

  /** @type {(name: string, label: string, users: number, at: number) => void} */
  #drawChannel(name, label, users, at) {
    const item = this.#buttons.get(name) ?? this.#addChannel(name);
    const box = this.#parts.channels;
    if (box.children[at] !== item) box.insertBefore(item, box.children[at] ?? null);
    text(field(item, "name"), label);
    text(field(item, "users"), users.toLocaleString());
    field(item, "button").setAttribute("aria-pressed", String(name === this.#wish.channel));
  }

  /** @type {(name: string) => HTMLElement} */
  #addChannel(name) {
    const item = stamp("channel");
    field(item, "button").addEventListener("click", () => this.#want({ channel: name }));
    this.#buttons.set(name, item);
    return item;
  }

  #drawStatuses() {
    const menu = this.#parts.status;
    const statuses = this.roll.statuses();
    const names = ["", ...[...statuses.keys()].sort()];
    if (this.#wish.status && !names.includes(this.#wish.status)) names.push(this.#wish.status);
    names.forEach((name, at) => {
      const option = menu.options[at] ?? menu.appendChild(new Option());
      const number = name ? (statuses.get(name) ?? 0) : null;
      option.value = name;
      text(option, number === null ? "any status" : `${name} (${number.toLocaleString()})`);
    });
    menu.length = names.length;
    menu.value = this.#wish.status;
  }

  /** @type {(row: HTMLElement, key: string) => void} */
  #fill(row, key) {
    const member = this.roll.member(key);
    if (!member) return;
    const now = this.#clock.now();
    row.dataset.user = member.user;
    text(field(row, "user"), member.user);
    text(field(row, "status"), member.status);
    const dot = look(member.status);
    if (row.dataset.status !== dot) row.dataset.status = dot;
    text(field(row, "where"), member.page ? `${member.channel}, ${member.page}` : member.channel);
    text(field(row, "tabs"), member.sessions > 1 ? count(member.sessions, "tab", "tabs") : "");
    text(field(row, "since"), `here ${length(now - Date.parse(member.sinceAt))}`);
  }
}
