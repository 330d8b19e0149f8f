// @ts-check
// Who is here, as the events of a feed add up to it, and the newest of these for whoever has missed some.

/** Events that are kept: more than happen while a line changes hands, in some kilobytes. */
const KEPT = 128;

/** @typedef {import("./watch.js").Member} Member */
/** @typedef {import("./watch.js").Counts} Counts */

/**
 * An event with its place: `mark` names the picture with it, `after` the one before it.
 *
 * @typedef {{ type: string, id: string | null, data: any, mark: string, after: string | null }} Placed
 */

/**
 * A picture for somebody else. `position` is the server's name for it, if it has one.
 *
 * @typedef {{ mark: string, position: string | null, nowAt: string, members: Member[], counts: Counts[] }} Copy
 */

export class Picture {
  /** The newest event in it; null: nothing is known. @type {string | null} */
  mark = null;
  /** Where the server goes on. @type {string | null} */
  position = null;
  /** The server's clock in the newest snapshot, and when that was on this page's. */
  #clock = { at: 0, heard: 0 };
  /** @type {Map<string, Member>} */
  #members = new Map();
  /** @type {Map<string, Counts>} */
  #counts = new Map();
  /** Without a gap between them. @type {Placed[]} */
  #newest = [];
  /** @type {readonly Member[] | null} */
  #memberList = null;
  /** @type {readonly Counts[] | null} */
  #countsList = null;

  /** The same list until something changes. */
  get members() {
    return (this.#memberList ??= Object.freeze([...this.#members.values()]));
  }

  get counts() {
    return (this.#countsList ??= Object.freeze([...this.#counts.values()]));
  }

  /** What the server's clock shows now. */
  get nowAt() {
    return new Date(this.#clock.at + performance.now() - this.#clock.heard).toISOString();
  }

  /**
   * An event of the server, with its place here.
   *
   * @param {{ type: string, id: string | null, data: any }} told
   * @returns {Placed}
   */
  place(told) {
    // Counts have no position, so they are given a name that no other tab gives.
    return { ...told, mark: told.type === "counts" || !told.id ? chance() : told.id, after: this.mark };
  }

  /**
   * Takes an event in: `news` when it is new, `known` when it is not, `gap` when some before it are missing.
   *
   * @param {Placed} event
   * @returns {"news" | "known" | "gap"}
   */
  take(event) {
    if (this.#knows(event.mark)) return "known";
    const isWhole = event.type === "snapshot";
    if (!isWhole && (event.after !== this.mark || this.mark === null)) return "gap";
    if (isWhole) this.#newest = [];
    this.#newest.push(event);
    if (this.#newest.length > KEPT) this.#newest.shift();
    this.mark = event.mark;
    this.position = event.id ?? this.position;
    this.#fold(event);
    return "news";
  }

  /**
   * What has happened since; null when that is not known any more.
   *
   * @param {string | null} mark
   */
  since(mark) {
    const next = this.#newest.findIndex((event) => event.after === mark && event.type !== "snapshot");
    return next < 0 ? null : this.#newest.slice(next);
  }

  /** @returns {Copy | null} */
  copy() {
    const { mark, position, nowAt, members, counts } = this;
    return mark === null ? null : { mark, position, nowAt, members: [...members], counts: [...counts] };
  }

  /**
   * Becomes somebody else's picture. Whether that is news.
   *
   * @param {Copy} copy
   */
  adopt({ mark, position, nowAt, members, counts }) {
    if (this.#knows(mark)) return false;
    Object.assign(this, { mark, position });
    this.#newest = [];
    this.#fold({ type: "snapshot", data: { nowAt, members, channels: counts } });
    return true;
  }

  /** @param {string} mark */
  #knows(mark) {
    return mark === this.mark || this.#newest.some((event) => event.mark === mark);
  }

  /** @param {{ type: string, data: any }} event */
  #fold({ type, data }) {
    if (!data) return;
    if (type === "snapshot") {
      this.#clock = { at: Date.parse(data.nowAt), heard: performance.now() };
      this.#members = new Map((data.members ?? []).map((/** @type {Member} */ member) => [key(member), member]));
      this.#counts = new Map((data.channels ?? []).map((/** @type {Counts} */ counts) => [counts.channel, counts]));
    } else if (type === "join" || type === "update") {
      this.#members.set(key(data.member), data.member);
    } else if (type === "leave") {
      this.#members.delete(key(data));
    } else if (type === "counts") {
      const { at, ...counts } = data;
      this.#counts.set(counts.channel, counts);
    } else {
      return;
    }
    this.#memberList = this.#countsList = null;
  }
}

/** A person can be in several channels. @type {(place: { channel: string, user: string }) => string} */
function key({ channel, user }) {
  return `${channel}\n${user}`;
}

/** A name that nobody else gives. */
export function chance() {
  return Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
}
