// Today's sessions: the server's own record, asked for again whenever the feed says that something has changed.

import { asSentence, count, errorBound, hue, length, midnight, timeOfDay } from "./format.js";
import { field, stamp, text } from "./markup.js";

/** A class of thirty that arrives at once is one question to the server, not thirty. */
const SETTLE_MS = 1_000;

/** Beats are no changes and never come by the feed, so what is still running is looked up now and then. */
const REFRESH_MS = 5_000;

const PAGE_OF_LIST = 25;

/** How a session ended, in the words of the table. */
const ENDS = {
  closed: "closed the tab",
  timeout: "fell silent",
  signed_out: "signed out",
  removed: "was removed",
};

/** The question for the list: from the reader's midnight on, in one channel or (null) in all of them. */
export function question(now, channel, after = null) {
  const params = new URLSearchParams({ from: midnight(now).toISOString(), limit: PAGE_OF_LIST });
  if (channel) params.set("channel", channel);
  if (after) params.set("after", after);
  return `/v1/admin/sessions?${params}`;
}

/** Fresh rows over known ones, each session once, newest first. */
export function merge(known, fresh) {
  const byId = new Map([...known, ...fresh].map((session) => [session.session, session]));
  return [...byId.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** How long a session is at an instant. An open one grows; a finished one has the server's length. */
export function lengthAt(session, now) {
  return session.endedAt ? session.durationMs : Math.max(0, now - Date.parse(session.startedAt));
}

/** `{how, bound}` of an end: the words, and how far off the recorded time can be. Null while it is open. */
export function ending(session) {
  if (!session.endedAt) return null;
  return { how: ENDS[session.reason] ?? session.reason ?? "ended", bound: errorBound(session.errorBoundMs) };
}

/** The line above the table. */
export function totalsLine({ sessions, users, durationMs, visibleMs, activeMs }) {
  const who = `${count(sessions, "session", "sessions")} by ${count(users, "person", "people")}`;
  return `${who}: ${length(durationMs)} here, ${length(visibleMs)} in view, ${length(activeMs)} active.`;
}

/** The table on the page. `onRows(sessions)` after each answer. */
export class Sessions {
  #clock;
  #channel;
  #onRows;
  #known = [];
  #next = null;
  #hasOlder = false;
  #day = null;
  #answeredAt = null;
  #rows = new Map();
  #body;
  #parts;
  #settling = null;
  #asking = null;
  #isDirty = false;

  constructor(root, { clock, channel, onRows }) {
    this.#clock = clock;
    this.#channel = channel;
    this.#onRows = onRows;
    this.#body = field(root, "rows");
    this.#parts = Object.fromEntries(
      ["table", "totals", "waiting", "empty", "trouble", "trouble-words", "older"].map((name) => [name, field(root, name)]),
    );
    this.#parts.older.addEventListener("click", () => this.#ask(this.#next));
    field(root, "again").addEventListener("click", () => this.#ask());
    setInterval(() => {
      if (document.visibilityState === "visible") this.changed();
    }, REFRESH_MS);
    clock.onTick(() => this.#label());
    this.#ask();
  }

  /** Something has changed: asks again once it has settled. */
  changed() {
    this.#settling ??= setTimeout(() => {
      this.#settling = null;
      this.#ask();
    }, SETTLE_MS);
  }

  async #ask(after = null) {
    if (this.#asking) {
      this.#isDirty = true;
      return;
    }
    this.#asking = this.#fetch(after);
    await this.#asking;
    this.#asking = null;
    if (this.#isDirty) {
      this.#isDirty = false;
      this.changed();
    }
  }

  async #fetch(after) {
    const url = question(this.#clock.now(), this.#channel, after);
    let answer;
    let body;
    try {
      answer = await fetch(url, { headers: { accept: "application/json" }, cache: "no-store" });
      body = await answer.json();
    } catch {
      this.#fail(answer ? `The server answered ${answer.status}.` : "The server does not answer.");
      return;
    }
    if (!answer.ok) {
      this.#fail(refusal(answer.status, body));
      return;
    }
    this.#take(body, after);
  }

  #take({ nowAt, sessions, totals, next }, after) {
    this.#clock.heard(nowAt);
    const day = midnight(this.#clock.now()).getTime();
    if (day !== this.#day) this.#hasOlder = false;
    this.#day = day;
    if (after) this.#hasOlder = true;
    // With older pages on the screen, the first page is only the top of the list and must not cut the rest off.
    this.#known = this.#hasOlder ? merge(this.#known, sessions) : merge([], sessions);
    if (after || !this.#hasOlder) this.#next = next;
    this.#answeredAt = nowAt;
    const parts = this.#parts;
    text(parts.totals, this.#known.length ? totalsLine(totals) : "");
    parts.waiting.hidden = true;
    parts.trouble.hidden = true;
    parts.empty.hidden = this.#known.length > 0;
    parts.table.hidden = this.#known.length === 0;
    parts.older.hidden = !this.#next;
    this.#draw();
    this.#onRows(this.#known);
  }

  #fail(words) {
    const parts = this.#parts;
    parts.waiting.hidden = true;
    parts.trouble.hidden = false;
    const stale = this.#answeredAt ? ` This is the list of ${timeOfDay(this.#answeredAt)}.` : "";
    text(parts["trouble-words"], words + stale);
  }

  #draw() {
    const ids = new Set(this.#known.map((session) => session.session));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    this.#known.forEach((session, place) => {
      const row = this.#rows.get(session.session) ?? this.#add(session);
      this.#fill(row, session);
      if (this.#body.children[place] !== row) this.#body.insertBefore(row, this.#body.children[place] ?? null);
    });
    this.#label();
  }

  #add(session) {
    const row = stamp("session");
    row.dataset.session = session.session;
    row.style.setProperty("--hue", hue(session.user));
    this.#rows.set(session.session, row);
    return row;
  }

  #fill(row, session) {
    const end = ending(session);
    row.dataset.reason = session.reason ?? "";
    row.classList.toggle("is-open", !end);
    text(field(row, "user"), session.user);
    text(field(row, "started"), timeOfDay(session.startedAt));
    text(field(row, "ended"), end ? timeOfDay(session.endedAt) : "here now");
    text(field(row, "visible"), length(session.visibleMs));
    text(field(row, "active"), length(session.activeMs));
    text(field(row, "how"), end ? end.how : "still here");
    text(field(row, "bound"), end?.bound ?? "");
    text(field(row, "recovered"), session.recovered ? "recovered" : "");
  }

  #label() {
    const now = this.#parts.trouble.hidden ? this.#clock.now() : Date.parse(this.#answeredAt);
    for (const session of this.#known) {
      const row = this.#rows.get(session.session);
      if (row) text(field(row, "length"), length(lengthAt(session, now)));
    }
  }
}

function refusal(status, body) {
  if (status === 401 || status === 403) return "This server shows its sessions to admins only.";
  return asSentence(body?.error?.message ?? `The server answered ${status}`);
}
