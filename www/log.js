// What just happened, in sentences: the newest first, and read out as it comes in.

import { length, timeOfDay } from "./format.js";
import { field, reachable, stamp, text } from "./markup.js";

/** More than anybody scrolls back; a page that stays open all day must not grow all day. */
const MOST_KEPT = 60;

const LEFT = {
  closed: (after) => `left, closed after ${after}`,
  timeout: (after) => `left, fell silent after ${after}`,
  signed_out: (after) => `left, signed out after ${after}`,
  removed: () => "was removed",
};

/** A note of the roster as the words that follow the name. */
export function sentence(note) {
  switch (note.kind) {
    case "join":
      return "joined";
    case "back":
      return "came back";
    case "status":
      return note.status === "away" ? "went away" : `is ${note.status}`;
    case "page":
      return `moved to ${note.page}`;
    case "sessions":
      return note.sessions === 1 ? "is down to one tab" : `has ${note.sessions} tabs open`;
    case "leave":
      return (LEFT[note.reason] ?? ((after) => `left after ${after}`))(length(note.afterMs));
    default:
      return note.kind;
  }
}

/** The log on the page. */
export class Log {
  #box;
  #list;
  #empty;

  constructor(root) {
    this.#box = root.querySelector("[role=log]");
    this.#list = field(root, "entries");
    this.#empty = field(root, "quiet");
  }

  /** Tells what a person did. */
  tell(note, me) {
    this.add(note.kind, note.at, note.user === me ? `${note.user} (you)` : note.user, sentence(note));
  }

  /** Tells what the page itself has noticed. */
  remark(words, at) {
    this.add("remark", at, "", words);
  }

  /** Tells in any words; `kind` is for the looks, and `who` may be nobody. */
  add(kind, at, who, words) {
    const entry = stamp("entry");
    entry.dataset.kind = kind;
    text(field(entry, "at"), timeOfDay(at));
    field(entry, "at").dateTime = new Date(at).toISOString();
    text(field(entry, "who"), who);
    text(field(entry, "words"), who ? ` ${words}` : words);
    this.#list.prepend(entry);
    while (this.#list.childElementCount > MOST_KEPT) this.#list.lastElementChild.remove();
    this.#empty.hidden = true;
    reachable(this.#box);
  }
}
