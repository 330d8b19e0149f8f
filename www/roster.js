// Who is here now: a pure fold of what the feed says, and the list that shows it.

import { ago, asSentence, count, hue, initials, length, timeOfDay } from "./format.js";
import { field, isCalm, reachable, stamp, text } from "./markup.js";

/** As many people as the list draws. More would be no list that anybody reads; the number stays exact. */
const MOST_SHOWN = 200;

/** Best first, as the server ranks a user's own sessions. */
const RANK = { online: 0, away: 1, offline: 2 };

/** Nobody known yet. `isKnown` tells an empty channel from one that we have not heard of. */
export const NOBODY = Object.freeze({ isKnown: false, members: new Map() });

/**
 * Takes one event and gives `{roster, notes}`: the new roster, and what is worth telling about the change.
 * A later snapshot (the server restarted, or we were too slow) is told as the difference, so nothing goes missing
 * from the log; the first one is told as nothing at all, since nobody has just arrived.
 */
export function fold(roster, { type, data }) {
  if (type === "snapshot") return sync(roster, data);
  if (type === "join" || type === "update") return place(roster, data.member, data.at);
  if (type === "leave") return remove(roster, data);
  return { roster, notes: [] };
}

function sync(roster, { members, nowAt }) {
  let next = { isKnown: true, members: new Map(members.map((member) => [member.user, member])) };
  if (!roster.isKnown) return { roster: next, notes: [] };
  const notes = [];
  for (const [user, was] of roster.members) {
    // The reason was lost with the position; all that we know is that the user is no longer here.
    if (!next.members.has(user)) notes.push({ kind: "leave", user, at: nowAt, reason: null, afterMs: stay(was, null) });
  }
  for (const member of members) notes.push(...changes(roster.members.get(member.user), member, nowAt));
  return { roster: next, notes };
}

function place(roster, member, at) {
  const notes = changes(roster.members.get(member.user), member, at);
  return { roster: { isKnown: true, members: new Map(roster.members).set(member.user, member) }, notes };
}

function remove(roster, { user, at, reason, lastSeenAt }) {
  const was = roster.members.get(user);
  if (!was) return { roster, notes: [] };
  const members = new Map(roster.members);
  members.delete(user);
  const note = { kind: "leave", user, at, reason, afterMs: stay(was, lastSeenAt) };
  return { roster: { isKnown: true, members }, notes: [note] };
}

/** What a reader of the log would call the difference between two pictures of one member. */
function changes(was, is, at) {
  const note = (kind, more) => ({ kind, user: is.user, at, ...more });
  if (!was) return [note("join")];
  const notes = [];
  if (was.status !== is.status) {
    if (is.status === "online") notes.push(note("back"));
    else notes.push(note("status", { status: is.status }));
  }
  if (was.page !== is.page && is.page) notes.push(note("page", { page: is.page }));
  if (was.sessions !== is.sessions) notes.push(note("sessions", { sessions: is.sessions }));
  return notes;
}

function stay(member, lastSeenAt) {
  return Date.parse(lastSeenAt ?? member.lastSeenAt) - Date.parse(member.sinceAt);
}

/** The members in the order of the list: this browser's own person, then by status, then who came first. */
export function order(members, me) {
  const rank = (member) => (member.user === me ? -1 : (RANK[member.status] ?? 3));
  return [...members].sort(
    (a, b) => rank(a) - rank(b) || a.sinceAt.localeCompare(b.sinceAt) || a.user.localeCompare(b.user),
  );
}

/**
 * When somebody was last seen. Beats never fan out, so the feed's `lastSeenAt` of a member who simply stays grows
 * old while they are here: an online member was seen within the lease, and only the others have a "since".
 */
export function lastSeen(member, now) {
  if (member.status === "online") return "seen just now";
  if (member.status === "offline") return `seen ${ago(now - Date.parse(member.lastSeenAt))}`;
  return `active ${ago(now - Date.parse(member.lastActiveAt ?? member.lastSeenAt))}`;
}

/** The list on the page. */
export class Roster {
  #clock;
  #me;
  #roster = NOBODY;
  #rows = new Map();
  #staleSince = null;
  #list;
  #parts;

  constructor(root, { clock, me }) {
    this.#clock = clock;
    this.#me = me;
    this.#list = field(root, "members");
    this.#parts = Object.fromEntries(
      ["headcount", "count", "noun", "empty", "waiting", "more", "stale"].map((name) => [name, field(root, name)]),
    );
    clock.onTick(() => this.#label());
  }

  /** Takes an event of the feed; gives the notes for the log. */
  take(event) {
    const { roster, notes } = fold(this.#roster, event);
    const isFirst = !this.#roster.isKnown;
    this.#roster = roster;
    this.#draw(isFirst);
    return notes;
  }

  get size() {
    return this.#roster.members.size;
  }

  rename(me) {
    this.#me = me;
    this.#draw(true);
  }

  /** Says why there will be no list at all. */
  refuse(message) {
    this.#parts.waiting.hidden = false;
    text(this.#parts.waiting, asSentence(message));
  }

  /** Says since when this is no longer the present, or (null) that it is again. */
  stale(since) {
    text(this.#parts.waiting, since === null ? "Asking who is here." : "The server does not answer. Trying again.");
    this.#staleSince = since === null ? null : new Date(since).getTime();
    const isOld = since !== null && this.#roster.isKnown;
    this.#parts.stale.hidden = !isOld;
    this.#list.classList.toggle("is-stale", isOld);
    if (isOld) text(this.#parts.stale, `No word from the server since ${timeOfDay(since)}. This is who was here then.`);
    this.#label();
  }

  #draw(isSilent) {
    const ordered = order(this.#roster.members.values(), this.#me);
    const shown = ordered.slice(0, MOST_SHOWN);
    const users = new Set(shown.map((member) => member.user));
    for (const [user, row] of this.#rows) if (!users.has(user)) this.#dismiss(user, row);

    let before = null;
    for (const member of shown) {
      const row = this.#rows.get(member.user) ?? this.#welcome(member.user, isSilent);
      this.#fill(row, member);
      before = this.#settle(row, before);
    }
    const parts = this.#parts;
    parts.headcount.hidden = !this.#roster.isKnown;
    text(parts.count, ordered.length);
    text(parts.noun, ordered.length === 1 ? "person" : "people");
    parts.waiting.hidden = this.#roster.isKnown;
    parts.empty.hidden = !this.#roster.isKnown || ordered.length > 0;
    parts.more.hidden = ordered.length <= MOST_SHOWN;
    text(parts.more, `and ${count(ordered.length - shown.length, "person", "people")} more`);
    this.#label();
    reachable(this.#list);
  }

  /** Puts a row after another one, and touches the document only when it is not there already. */
  #settle(row, before) {
    let next = before ? before.nextElementSibling : this.#list.firstElementChild;
    while (next && next !== row && next.classList.contains("is-leaving")) next = next.nextElementSibling;
    if (next !== row) this.#list.insertBefore(row, next);
    return row;
  }

  #welcome(user, isSilent) {
    const row = stamp("member");
    row.dataset.user = user;
    row.style.setProperty("--hue", hue(user));
    text(field(row, "initials"), initials(user));
    text(field(row, "user"), user);
    if (!isSilent && !isCalm()) {
      row.classList.add("is-arriving");
      row.addEventListener("animationend", () => row.classList.remove("is-arriving"), { once: true });
    }
    this.#rows.set(user, row);
    return row;
  }

  #dismiss(user, row) {
    this.#rows.delete(user);
    // On its way out the row is decoration: it must count neither for tests nor for a screen reader.
    row.removeAttribute("data-testid");
    row.setAttribute("aria-hidden", "true");
    row.classList.remove("is-arriving");
    row.classList.add("is-leaving");
    if (isCalm() || document.visibilityState === "hidden") row.remove();
    else row.addEventListener("animationend", () => row.remove(), { once: true });
  }

  #fill(row, member) {
    row.dataset.status = member.status;
    text(field(row, "status"), member.status);
    field(row, "place").hidden = !member.page;
    text(field(row, "page"), member.page ?? "");
    text(field(row, "you"), member.user === this.#me ? "you" : "");
    text(field(row, "tabs"), member.sessions > 1 ? count(member.sessions, "tab", "tabs") : "");
  }

  #label() {
    // Of what came after the silence nothing is known: the labels stop with it.
    const now = this.#staleSince ?? this.#clock.now();
    for (const [user, row] of this.#rows) {
      const member = this.#roster.members.get(user);
      text(field(row, "since"), `here ${length(now - Date.parse(member.sinceAt))}`);
      field(row, "since").title = `since ${timeOfDay(member.sinceAt)}`;
      text(field(row, "seen"), lastSeen(member, now));
    }
  }
}
