// The feed of one channel: a snapshot, then every join, update and leave, for as long as the page lives.
//
// Read with `fetch` and not with EventSource, for three things that EventSource cannot do: resume from a position
// after a pause of our own, say why the server refuses, and notice that the line has gone silent.

/** The server sends a comment every 15 s. Two and a half of them missing means that nobody is at the other end. */
const SILENCE_MS = 40_000;

/** Retries: the first within a second, then doubling; half a minute is the longest that a visitor should wait. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Browsers allow six connections to one HTTP/1.1 server, over all tabs, and a feed holds one for good. A hidden
 * tab gives its own up once this many others have come to the front, or the seventh tab could not even beat.
 */
const NEWER_TABS = 3;

/** Splits a stream of text into events. Feed it pieces as they arrive, however they were cut. */
export function eventReader() {
  let rest = "";
  let event = { type: "message", id: null, data: [] };
  return function read(piece) {
    const events = [];
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length) events.push({ ...event, data: event.data.join("\n") });
        event = { type: "message", id: event.id, data: [] };
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue; // a comment, there to keep the line warm
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "event") event.type = value;
      else if (name === "data") event.data.push(value);
      else if (name === "id") event.id = value;
    }
    return events;
  };
}

/** The wait before the n-th retry (from 0): full jitter, so that a restart is not met by everybody at once. */
export function retryDelay(failures, random = Math.random) {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return Math.max(200, Math.round(random() * ceiling));
}

/**
 * Follows a channel. `onEvent({type, data})` for each event; `onState({phase, …})` whenever the connection changes:
 * connecting · live · reconnecting (with `inMs`) · resting (a hidden tab) · refused (with `message`).
 */
export class Feed {
  #url;
  #onEvent;
  #onState;
  #position = null;
  #failures = 0;
  #attempt = null;
  #retry = null;
  #tabs = null;
  #newer = 0;
  #phase = "connecting";

  constructor(url, { onEvent, onState }) {
    this.#url = url;
    this.#onEvent = onEvent;
    this.#onState = onState;
    document.addEventListener("visibilitychange", () => this.#turn());
    addEventListener("online", () => this.reconnect());
    // Nothing may stay open on a page that goes into the back/forward cache.
    addEventListener("pagehide", () => this.#rest());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.#turn();
    });
    this.#say("connecting");
    this.#connect();
    this.#turn();
  }

  /** Tries again now, unless the line is fine. */
  reconnect() {
    if (this.#phase === "live" || this.#phase === "connecting") return;
    this.#failures = 0;
    this.#connect();
  }

  /** The tab came to the front, or left it. */
  #turn() {
    this.#tabs ??= this.#hearTabs();
    if (document.visibilityState === "hidden") {
      this.#newer = 0;
      return;
    }
    this.#tabs?.postMessage("front");
    this.reconnect();
  }

  #hearTabs() {
    if (typeof BroadcastChannel === "undefined") return null;
    const tabs = new BroadcastChannel("stillhere.feed");
    tabs.onmessage = () => {
      this.#newer += 1;
      if (document.visibilityState === "hidden" && this.#newer >= NEWER_TABS) this.#rest();
    };
    return tabs;
  }

  #rest() {
    this.#tabs?.close();
    this.#tabs = null;
    this.#drop();
    this.#say("resting");
  }

  #drop() {
    clearTimeout(this.#retry);
    this.#attempt?.abort();
    this.#attempt = null;
  }

  async #connect() {
    this.#drop();
    if (this.#phase !== "connecting") this.#say("reconnecting", { inMs: 0 });
    const attempt = new AbortController();
    this.#attempt = attempt;
    let failure;
    try {
      failure = await this.#follow(attempt);
    } catch {
      failure = {}; // no network, no server, or a line that fell silent: all the same to us
    }
    // A dropped attempt has nothing to say any more: whoever dropped it goes on from there.
    if (this.#attempt === attempt) this.#fail(failure);
  }

  /** Reads until the line ends. Answers with what the server said when it refused; throws when nobody is there. */
  async #follow(attempt) {
    const silence = watchdog(() => attempt.abort());
    try {
      const headers = { accept: "text/event-stream" };
      if (this.#position) headers["last-event-id"] = this.#position;
      const answer = await fetch(this.#url, { headers, cache: "no-store", signal: attempt.signal });
      if (!answer.ok) return await refusal(answer);
      this.#failures = 0;
      this.#say("live");
      const read = eventReader();
      const letters = new TextDecoder();
      const pieces = answer.body.getReader();
      for (;;) {
        const { value, done } = await pieces.read();
        if (done) return {};
        silence.pet();
        for (const event of read(letters.decode(value, { stream: true }))) this.#take(event);
      }
    } finally {
      silence.stop();
      attempt.abort();
    }
  }

  #take({ type, id, data }) {
    let parsed;
    try {
      parsed = JSON.parse(data);
    } catch {
      return; // a newer server may say things that we cannot read; the position still moves on below
    } finally {
      if (id) this.#position = id;
    }
    this.#onEvent({ type, data: parsed });
  }

  #fail({ message, isFinal, retryAfterMs = 0 }) {
    this.#attempt = null;
    if (isFinal) {
      this.#say("refused", { message });
      return;
    }
    const inMs = Math.max(retryAfterMs, retryDelay(this.#failures));
    this.#failures += 1;
    this.#say("reconnecting", { inMs, message });
    this.#retry = setTimeout(() => this.#connect(), inMs);
  }

  #say(phase, more = {}) {
    this.#phase = phase;
    this.#onState({ phase, ...more });
  }
}

/** What a refusing server said, and whether asking again can help. */
async function refusal(answer) {
  let error = {};
  try {
    error = (await answer.json()).error ?? {};
  } catch {
    // A proxy in between answers in its own way; its status is all there is.
  }
  const isClients = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  return {
    message: error.message ?? `The server answered ${answer.status}.`,
    isFinal: isClients && error.retry !== true,
    retryAfterMs: error.retryAfterMs ?? 0,
  };
}

/** Calls back once nothing has petted it for `SILENCE_MS`. */
function watchdog(bark) {
  let timer = setTimeout(bark, SILENCE_MS);
  return {
    pet() {
      clearTimeout(timer);
      timer = setTimeout(bark, SILENCE_MS);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
