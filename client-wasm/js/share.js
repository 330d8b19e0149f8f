// @ts-check
// One stream for all tabs that watch the same as the same person.
//
// Whoever has the lock leads: opens the stream, and tells the others what it hears. The lock goes to the next tab when the
// leader closes, freezes, crashes or is refused, and that tab goes on from the position it has heard of. Nothing depends
// on the leader being right: each event names the one before it, so whoever misses one asks for it; and a leader that
// says nothing for too long loses the lock.

import { chance } from "./picture.js";
import { channelOf, Crowd } from "./crowd.js";
import { Stream, watchdog } from "./stream.js";

/** A hidden leader may be held back for a minute on top of the silence that it puts up with itself. */
const LEADER_SILENCE_MS = 100_000;

/** @typedef {import("./watch.js").LineState} LineState */
/** @typedef {import("./picture.js").Placed} Placed */
/** @typedef {import("./picture.js").Copy} Copy */

/**
 * What tabs tell each other. `lead`: I have the lock now; `sign`: I still have. `ask`: what has happened since `mark`?
 * `again`: try again now.
 *
 * @typedef {{ kind: "lead" } | { kind: "sign" } | { kind: "again" } | { kind: "ask", from: string, mark: string | null }
 *   | { kind: "event", event: Placed } | { kind: "state", state: LineState }
 *   | { kind: "answer", to: string, events: Placed[] | null, copy: Copy | null, state: LineState }} Word
 */

/**
 * @typedef {object} Circle
 * @property {string} name what the tabs have in common; "": this one is by itself
 * @property {import("./picture.js").Picture} picture
 * @property {Pick<import("./stream.js").Stage, "url" | "credentials" | "pass" | "onError" | "onStranger">} line
 * @property {(event: Placed) => void} onNews
 * @property {() => void} onWhole the picture is another one
 * @property {(state: LineState) => void} onState
 */

export class Share {
  #circle;
  #me = chance();
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {Crowd} */
  #crowd;
  /** Here: this tab leads. @type {Stream | null} */
  #stream = null;
  #isLeader = false;
  #isOver = false;
  /** Gives the lock back. */
  #release = () => {};
  /** Ends the wait for the lock. */
  #waiting = new AbortController();
  /** @type {ReturnType<typeof watchdog> | null} */
  #silence = null;
  /** @type {LineState} */
  #state = { phase: "connecting" };

  /** @param {Circle} circle */
  constructor(circle) {
    this.#circle = circle;
    const { name, line } = circle;
    this.#crowd = new Crowd(name || this.#me, line.url, {
      onCrowded: () => this.#rest(),
      onWanted: () => this.#wake(),
    });
    this.#channel = name && navigator.locks ? channelOf(name) : null;
    if (this.#channel) this.#join(this.#channel);
    else this.#lead();
  }

  /** Tries again now, whichever tab it is that waits. */
  reconnect() {
    this.#crowd.look();
    this.#wake();
    this.#stream?.reconnect();
    if (!this.#isLeader) this.#tell({ kind: "again" });
  }

  /** Leaves no lock, channel or line behind. */
  leave() {
    this.#isOver = true;
    this.#stepDown();
    this.#waiting.abort();
    this.#silence?.stop();
    this.#channel?.close();
    this.#crowd.close();
  }

  /** @param {BroadcastChannel} channel */
  #join(channel) {
    channel.onmessage = ({ data }) => this.#hear(data);
    this.#silence = watchdog(() => this.#takeOver(), LEADER_SILENCE_MS);
    this.#queue({ signal: this.#waiting.signal });
    this.#ask();
  }

  /** @param {LockOptions} how */
  async #queue(how) {
    try {
      await navigator.locks.request(this.#circle.name, how, () => {
        if (this.#isOver) return undefined;
        this.#lead();
        return new Promise((release) => (this.#release = () => release(undefined)));
      });
    } catch (cause) {
      if (this.#isOver || how.signal?.aborted) return;
      this.#stepDown();
      if (/** @type {any} */ (cause)?.name === "AbortError") {
        // Another tab has found this one silent.
        this.#silence?.pet();
        this.#queue({ signal: this.#waiting.signal });
      } else {
        // Where there can be no locks, each tab is by itself.
        this.#channel?.close();
        this.#channel = null;
        this.#lead();
      }
    }
  }

  /** The leader has said nothing for so long that it cannot be there, lock or no lock. */
  #takeOver() {
    if (this.#state.phase === "resting" && document.visibilityState === "hidden") {
      this.#silence?.pet();
      return;
    }
    // The place in the queue would become a second lock.
    this.#waiting.abort();
    this.#waiting = new AbortController();
    this.#queue({ steal: true });
  }

  #lead() {
    this.#isLeader = true;
    this.#silence?.stop();
    this.#tell({ kind: "lead" });
    this.#open();
  }

  #open() {
    const { line, picture } = this.#circle;
    this.#stream = new Stream({
      ...line,
      position: () => picture.position,
      onEvent: (told) => this.#take(picture.place(told)),
      onSign: () => this.#tell({ kind: "sign" }),
      onState: (state) => this.#say(state),
    });
  }

  #stepDown() {
    this.#isLeader = false;
    this.#stream?.close();
    this.#stream = null;
    this.#release();
  }

  /** Gives the line up, and keeps the lock: whoever else got it would only open another one. */
  #rest() {
    if (!this.#stream) return;
    this.#stream.close();
    this.#stream = null;
    this.#say({ phase: "resting" });
  }

  #wake() {
    if (this.#isLeader && !this.#stream) this.#open();
  }

  /** @param {LineState} state */
  #say(state) {
    // Another tab may have a better token, so the others are not told; they find out for themselves.
    if (state.phase !== "refused") this.#tell({ kind: "state", state });
    this.#note(state);
  }

  /** @param {LineState} state */
  #note(state) {
    this.#state = state;
    this.#circle.onState(state);
    // Somebody looks at this tab, and the leader does not know.
    if (!this.#isLeader && state.phase === "resting") this.#crowd.look();
  }

  /** @param {Placed} event */
  #take(event) {
    const { picture, onNews } = this.#circle;
    const worth = picture.take(event);
    if (worth === "gap") this.#ask();
    if (worth !== "news") return;
    if (this.#isLeader) this.#tell({ kind: "event", event });
    onNews(event);
  }

  /** @param {Word} word */
  #hear(word) {
    if (word.kind === "ask") return this.#answer(word.from, word.mark);
    if (word.kind === "again") return this.#stream?.reconnect();
    // Two lead for a moment while the lock is taken from one of them: each hears the server itself.
    if (this.#isLeader) return;
    this.#silence?.pet();
    if (word.kind === "lead") this.#ask();
    else if (word.kind === "state") this.#note(word.state);
    else if (word.kind === "event") this.#take(word.event);
    else if (word.kind === "answer" && word.to === this.#me) this.#learn(word);
  }

  #ask() {
    this.#tell({ kind: "ask", from: this.#me, mark: this.#circle.picture.mark });
  }

  /** @type {(to: string, mark: string | null) => void} */
  #answer(to, mark) {
    if (!this.#isLeader) return;
    const { picture } = this.#circle;
    const events = mark === picture.mark ? [] : picture.since(mark);
    this.#tell({ kind: "answer", to, events, copy: events ? null : picture.copy(), state: this.#state });
  }

  /** @param {Extract<Word, { kind: "answer" }>} answer */
  #learn({ events, copy, state }) {
    this.#note(state);
    for (const event of events ?? []) this.#take(event);
    if (copy && this.#circle.picture.adopt(copy)) this.#circle.onWhole();
  }

  /** @param {Word} word */
  #tell(word) {
    if (!this.#isOver) this.#channel?.postMessage(word);
  }
}
