// @ts-check
// Who is here, for lists that are long: kept in order while changes come, so that no draw has to sort.

/** @typedef {import("../../client-wasm/js/watch.js").Member} Member */

/** What is looked for: each empty one fits everybody. @typedef {{ channel?: string, status?: string, text?: string }} Wish */

/** One channel in numbers. @typedef {{ channel: string, users: number, statuses: Map<string, number> }} Tally */

/** Sorts by person first. No name holds the letter in between. @type {(channel: string, user: string) => string} */
export function keyOf(channel, user) {
  return `${user}\n${channel}`;
}

/** @type {(key: string) => string} */
export function userOf(key) {
  return key.slice(0, key.indexOf("\n"));
}

export class Roll {
  /** Whether anybody has said who is here: an empty roll is then an empty site. */
  isKnown = false;
  sessions = 0;
  /** @type {Map<string, Member>} */
  #members = new Map();
  /** In order. @type {string[]} */
  #keys = [];
  /** In how many channels each person is. @type {Map<string, number>} */
  #people = new Map();
  /** @type {Map<string, Tally>} */
  #channels = new Map();

  /** Takes an event of the feed; whether it has changed anything. @type {(event: { type: string, data: any }) => boolean} */
  take({ type, data }) {
    if (type === "snapshot") return this.#begin(data.members);
    if (type === "join" || type === "update") return this.#place(data.member);
    if (type === "leave") return this.#remove(keyOf(data.channel, data.user));
    return false;
  }

  get people() {
    return this.#people.size;
  }

  /** @type {(key: string) => Member | undefined} */
  member(key) {
    return this.#members.get(key);
  }

  /** Where somebody is. @type {(user: string) => Member[]} */
  of(user) {
    const from = place(this.#keys, `${user}\n`);
    const theirs = [];
    for (let at = from; at < this.#keys.length; at += 1) {
      const member = this.#members.get(/** @type {string} */ (this.#keys[at]));
      if (member?.user !== user) break;
      theirs.push(member);
    }
    return theirs;
  }

  /** The channels, fullest first. */
  channels() {
    return [...this.#channels.values()].sort((a, b) => b.users - a.users || (a.channel < b.channel ? -1 : 1));
  }

  /** How many are in each status, over all channels. */
  statuses() {
    /** @type {Map<string, number>} */
    const all = new Map();
    for (const { statuses } of this.#channels.values()) {
      for (const [status, number] of statuses) all.set(status, (all.get(status) ?? 0) + number);
    }
    return all;
  }

  /** The keys of those who fit, in order. @type {(wish?: Wish) => readonly string[]} */
  select({ channel = "", status = "", text = "" } = {}) {
    if (!channel && !status && !text) return this.#keys;
    const wanted = text.toLowerCase();
    return this.#keys.filter((key) => {
      const member = /** @type {Member} */ (this.#members.get(key));
      return (!channel || member.channel === channel) && (!status || member.status === status)
        && (!wanted || member.user.toLowerCase().includes(wanted));
    });
  }

  /** @param {Member[]} members */
  #begin(members) {
    this.isKnown = true;
    this.sessions = 0;
    this.#members = new Map();
    this.#people = new Map();
    this.#channels = new Map();
    for (const member of members) {
      this.#members.set(keyOf(member.channel, member.user), member);
      this.#count(member, 1);
    }
    this.#keys = [...this.#members.keys()].sort();
    return true;
  }

  /** @param {Member} member */
  #place(member) {
    const key = keyOf(member.channel, member.user);
    const was = this.#members.get(key);
    if (was) this.#count(was, -1);
    // Copied before it changes: whoever has the list from before may still be drawing it.
    else this.#keys = this.#keys.toSpliced(place(this.#keys, key), 0, key);
    this.#members.set(key, member);
    this.#count(member, 1);
    return true;
  }

  /** @param {string} key */
  #remove(key) {
    const was = this.#members.get(key);
    if (!was) return false;
    this.#members.delete(key);
    this.#keys = this.#keys.toSpliced(place(this.#keys, key), 1);
    this.#count(was, -1);
    return true;
  }

  /** @type {(member: Member, by: 1 | -1) => void} */
  #count({ channel, user, status, sessions }, by) {
    this.sessions += by * sessions;
    add(this.#people, user, by);
    const tally = this.#channels.get(channel) ?? { channel, users: 0, statuses: new Map() };
    tally.users += by;
    add(tally.statuses, status, by);
    if (tally.users > 0) this.#channels.set(channel, tally);
    else this.#channels.delete(channel);
  }
}

/** @type {(numbers: Map<string, number>, name: string, by: number) => void} */
function add(numbers, name, by) {
  const number = (numbers.get(name) ?? 0) + by;
  if (number > 0) numbers.set(name, number);
  else numbers.delete(name);
}

/** Where a key stands, or would stand. @type {(keys: readonly string[], key: string) => number} */
export function place(keys, key) {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {string} */ (keys[middle]) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
