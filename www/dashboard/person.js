// @ts-check
// The card of one person: why their status is what it is, and their sessions on a line of time.

import { count, errorBound, length, timeOfDay } from "../format.js";
import { empty, field, lineUp, reachable, stamp, text } from "../markup.js";
import { ending } from "../sessions.js";
import { headline, sessionWords } from "./explanation.js";
import { barsOf, courseOf, lineOf, marksOf } from "./timeline.js";

/** Sessions on the line at most: more would be a line that nobody reads, and each is a question to the server. */
const MOST_SESSIONS = 24;

/** What a mark's time needs, in pixels. */
const WIDTH_OF_MARK = 84;

/** How far back the line may reach. */
const REACH_MS = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };

/** A change of the person is looked up once for all that come at the same time. */
const SETTLE_MS = 400;

/** @typedef {import("./api.js").Api} Api */

export class PersonCard {
  #parts;
  #clock;
  #onPerson;
  /** @type {Api | null} */
  #api = null;
  /** @type {string | null} */
  user = null;
  /** The newest question: what answers an older one is of no use. */
  #asked = {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;

  /** @param {HTMLElement} root @param {{ clock: import("../clock.js").Clock, onPerson: (user: string | null) => void }} to */
  constructor(root, { clock, onPerson }) {
    this.#clock = clock;
    this.#onPerson = onPerson;
    const names = ["form", "user", "hint", "trouble", "found", "headline", "because", "totals", "reach", "line", "marks", "box", "rows", "none", "left-out"];
    this.#parts = Object.fromEntries(names.map((name) => [name, field(root, name)]));
    this.#parts.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const user = this.#parts.user.value.trim();
      if (user) this.look(user);
    });
    this.#parts.reach.addEventListener("change", () => this.#ask());
  }

  /** Another system, where nobody has been looked up. @param {Api} api */
  use(api) {
    this.#api = api;
    this.user = null;
    this.#asked = {};
    this.#parts.hint.hidden = false;
    this.#parts.found.hidden = true;
    this.#parts.trouble.hidden = true;
  }

  /** Looks somebody up. @param {string} user */
  look(user) {
    this.user = user;
    this.#parts.user.value = user;
    this.#onPerson(user);
    return this.#ask();
  }

  /** Something has changed for somebody; whether they are looked at is known here. @param {string} user */
  changed(user) {
    if (user !== this.user) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#ask(), SETTLE_MS);
  }

  /** Asks again: time has passed, which changes an explanation. */
  refresh() {
    if (this.user !== null) this.#ask();
  }

  async #ask() {
    const [user, api] = [this.user, this.#api];
    if (user === null || !api) return;
    const asked = (this.#asked = {});
    const who = encodeURIComponent(user);
    const reachMs = REACH_MS[/** @type {keyof typeof REACH_MS} */ (this.#parts.reach.value)];
    const from = new Date(this.#clock.now() - reachMs).toISOString();
    try {
      const [explained, history, list] = await Promise.all([
        api.get(`/users/${who}/explain`),
        api.get(`/admin/users/${who}/history`, { from }),
        api.get("/admin/sessions", { user, from, limit: MOST_SESSIONS }),
      ]);
      const courses = await Promise.all(list.sessions.map((/** @type {any} */ session) => courseFrom(api, session, Date.parse(list.nowAt))));
      if (this.#asked !== asked) return;
      this.#clock.heard(list.nowAt);
      this.#explain(explained);
      this.#total(history.total);
      this.#drawLine(list, courses);
      this.#say(null);
    } catch (/** @type {any} */ why) {
      if (this.#asked === asked) this.#say(why.message);
    }
  }

  /** @param {string | null} trouble */
  #say(trouble) {
    const { hint, found, trouble: box } = this.#parts;
    hint.hidden = true;
    box.hidden = trouble === null;
    text(box, trouble ?? "");
    found.hidden = trouble !== null;
  }

  /** @param {import("./explanation.js").Explanation} explained */
  #explain(explained) {
    text(this.#parts.headline, headline(explained));
    const say = (/** @type {HTMLElement} */ item, /** @type {any} */ session) => text(item, sessionWords(session, explained.nowAt));
    lineUp(this.#parts.because, explained.sessions, empty("li"), say);
  }

  /** @param {any} total */
  #total({ sessions, durationMs, visibleMs, activeMs }) {
    text(this.#parts.totals, sessions === 0 ? ""
      : `${count(sessions, "session", "sessions")}; over all tabs ${length(durationMs)} here, ${length(visibleMs)} in view, ${length(activeMs)} active.`);
  }

  /** @type {(list: any, courses: import("./timeline.js").Course[]) => void} */
  #drawLine({ sessions, totals, nowAt }, courses) {
    const parts = this.#parts;
    parts.none.hidden = sessions.length > 0;
    parts.line.hidden = sessions.length === 0;
    const left = totals.sessions - sessions.length;
    text(parts["left-out"], left > 0 ? `${count(left, "earlier session is", "earlier sessions are")} not shown.` : "");
    if (sessions.length === 0) return;
    const line = lineOf(courses, Date.parse(nowAt));
    const most = Math.min(6, Math.max(2, Math.floor(parts.marks.clientWidth / WIDTH_OF_MARK)));
    const marks = marksOf(line, -60_000 * new Date(nowAt).getTimezoneOffset(), most);
    parts.marks.replaceChildren(...marks.map(({ at, left: place }) => {
      const mark = document.createElement("span");
      mark.style.left = `${place}%`;
      // Marks of one minute would all be called the same.
      mark.textContent = at % 60_000 === 0 ? timeOfDay(at) : `:${String(new Date(at).getSeconds()).padStart(2, "0")}`;
      return mark;
    }));
    const fill = (/** @type {HTMLElement} */ row, /** @type {any} */ session, /** @type {number} */ at) =>
      fillCourse(row, session, /** @type {import("./timeline.js").Course} */ (courses[at]), line);
    lineUp(parts.rows, sessions, () => stamp("course"), fill);
    reachable(parts.box);
  }
}

/** @type {(api: Api, session: any, now: number) => Promise<import("./timeline.js").Course>} */
async function courseFrom(api, session, now) {
  const { visible } = await api.get(`/admin/sessions/${session.session}`);
  return courseOf(session, visible, now);
}

/** @type {(row: HTMLElement, session: any, course: import("./timeline.js").Course, line: import("./timeline.js").Span) => void} */
function fillCourse(row, session, course, line) {
  const end = ending(session);
  text(field(row, "started"), timeOfDay(session.startedAt));
  text(field(row, "place"), session.page ? `${session.channel}, ${session.page}` : session.channel);
  text(field(row, "length"), length(course.until - course.from));
  text(field(row, "visible"), length(session.visibleMs));
  text(field(row, "active"), length(session.activeMs));
  text(field(row, "end"), end ? `${end.how} ${timeOfDay(session.endedAt)} ${errorBound(session.errorBoundMs)}`.trim() : "still here");
  lineUp(field(row, "track"), barsOf(course, line), empty("span"), (/** @type {HTMLElement} */ piece, /** @type {any} */ { kind, left, width }) => {
    piece.dataset.kind = kind;
    piece.style.left = `${left}%`;
    piece.style.width = `${width}%`;
  });
}
