// @ts-check
// One line to the server's feed, which comes back by itself.
//
// Read with `fetch` and not with EventSource, for what EventSource cannot do: send a token, resume from a position after
// a pause of our own, say why the server refuses, and notice that the line has gone silent.

/** The server sends a comment every 15 s. Two and a half of them missing means that nobody is at the other end. */
const SILENCE_MS = 40_000;

/** Retries: the first within a second, then doubling; half a minute is the longest that a visitor should wait. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** @typedef {import("./watch.js").LineState} LineState */
/** @typedef {{ type: string, id: string | null, data: string }} Told */
/** @typedef {{ code?: string, message?: string, isFinal?: boolean, isOfToken?: boolean, retryAfterMs?: number }} Failure */

/**
 * What a stream needs to know, and whom it tells.
 *
 * @typedef {object} Stage
 * @property {string} url
 * @property {RequestCredentials | undefined} credentials
 * @property {import("./pass.js").Pass} pass
 * @property {() => string | null} position where to go on
 * @property {(told: { type: string, id: string | null, data: any }) => void} onEvent
 * @property {() => void} onSign the server lives, whether or not it has something to say
 * @property {(state: LineState) => void} onState
 * @property {(failure: { code: string, message: string, retry: boolean }) => void} onError
 * @property {() => void} onStranger the new token is somebody else's
 */

/** Splits a stream of text into events. Feed it pieces as they arrive, however they were cut. */
export function eventReader() {
  let rest = "";
  let type = "message";
  /** @type {string | null} */
  let id = null;
  /** @type {string[]} */
  let data = [];
  /** @type {(piece: string) => Told[]} */
  return function read(piece) {
    const events = [];
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length) events.push({ type, id, data: data.join("\n") });
        type = "message";
        data = [];
        continue;
      }
      // Before the colon of a comment, there to keep the line warm, is the name of no field.
      const [, name, value = ""] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) ?? [];
      if (name === "event") type = value;
      else if (name === "data") data.push(value);
      else if (name === "id") id = value;
    }
    return events;
  };
}

/** The wait before the n-th retry (from 0): full jitter, so that a restart is not met by everybody at once. */
export function retryDelay(/** @type {number} */ failures, random = Math.random) {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return Math.max(200, Math.round(random() * ceiling));
}

export class Stream {
  /** @type {Stage} */
  #stage;
  #failures = 0;
  /** Whether the pass is as new as can be. */
  #isRenewed = false;
  /** @type {AbortController | null} */
  #attempt = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {LineState["phase"]} */
  #phase = "connecting";

  /** @param {Stage} stage */
  constructor(stage) {
    this.#stage = stage;
    this.#say({ phase: "connecting" });
    this.#connect();
  }

  /** Tries again now, if it waits. */
  reconnect() {
    if (this.#phase !== "reconnecting" || this.#attempt) return;
    this.#failures = 0;
    this.#connect();
  }

  /** Ends it without a word. */
  close() {
    clearTimeout(this.#retry);
    this.#attempt?.abort();
    this.#attempt = null;
  }

  async #connect() {
    this.close();
    const attempt = new AbortController();
    this.#attempt = attempt;
    let failure;
    try {
      failure = await this.#follow(attempt);
    } catch {
      failure = {}; // no network, no server, or a line that fell silent: all the same to us
    }
    // A closed attempt has nothing to say any more: whoever closed it goes on from there.
    if (this.#attempt !== attempt) return;
    this.#attempt = null;
    this.#fail(failure);
  }

  /**
   * Reads until the line ends. Answers with what the server said when it refused; throws when nobody is there.
   *
   * @param {AbortController} attempt
   * @returns {Promise<Failure>}
   */
  async #follow(attempt) {
    const { url, credentials, pass, position, onEvent, onSign, onStranger } = this.#stage;
    const { signal } = attempt;
    const silence = watchdog(() => attempt.abort(new Error("nothing comes")));
    try {
      let token;
      try {
        token = await unless(signal, pass.text());
      } catch (/** @type {any} */ cause) {
        return { code: "token", message: `there is no token: ${cause?.message ?? cause}` };
      }
      if (pass.isAnothers) {
        onStranger();
        return {};
      }
      /** @type {Record<string, string>} */
      const headers = { accept: "text/event-stream" };
      if (token !== null) headers.authorization = `Bearer ${token}`;
      const from = position();
      if (from) headers["last-event-id"] = from;
      const answer = await fetch(url, { headers, credentials, cache: "no-store", signal });
      const wrong = await refusal(answer);
      if (wrong) return wrong;
      this.#say({ phase: "live" });
      const read = eventReader();
      const letters = new TextDecoder();
      const pieces = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
      for (;;) {
        const { value, done } = await pieces.read();
        if (done) return {};
        silence.pet();
        this.#failures = 0;
        this.#isRenewed = false;
        onSign();
        for (const told of read(letters.decode(value, { stream: true }))) {
          // What comes in one piece may make somebody close the line in the middle of it.
          if (!signal.aborted) onEvent({ ...told, data: parsed(told.data) });
        }
      }
    } finally {
      silence.stop();
      attempt.abort();
    }
  }

  /** @param {Failure} failure */
  #fail({ code = "network", message, isFinal = false, isOfToken = false, retryAfterMs = 0 }) {
    if (isOfToken && !this.#isRenewed && this.#stage.pass.renew()) {
      this.#isRenewed = true;
      this.#connect();
      return;
    }
    if (message) this.#stage.onError({ code, message, retry: !isFinal });
    if (isFinal) {
      this.#say({ phase: "refused", message });
      return;
    }
    const inMs = retryAfterMs + retryDelay(this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), inMs);
    this.#say({ phase: "reconnecting", inMs, message });
  }

  /** @param {LineState} state */
  #say(state) {
    this.#phase = state.phase;
    this.#stage.onState(state);
  }
}

/** A newer server may say things that we cannot read; where it was said still counts. @type {(data: string) => any} */
function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

/**
 * What a refusing server said, and whether asking again can help.
 *
 * @param {Response} answer
 * @returns {Promise<Failure | null>} null when it does not refuse
 */
async function refusal(answer) {
  const { status, ok, headers } = answer;
  const type = headers.get("content-type") ?? "nothing";
  if (ok && type.startsWith("text/event-stream")) return null;
  if (ok) {
    // A site that shows its front page for every address does so here.
    return { code: "no_feed", message: `there is no feed at ${answer.url} (it answers with ${type})`, isFinal: true };
  }
  let error;
  try {
    error = (await answer.json()).error;
  } catch {
    // A proxy in between answers in its own way; its status is all there is.
  }
  const mayPass = status >= 500 || status === 429 || status === 408;
  return {
    code: error?.code ?? `http_${status}`,
    message: error?.message ?? `the server answered ${status}`,
    isFinal: !(error?.retry ?? mayPass),
    isOfToken: status === 401,
    retryAfterMs: error?.retryAfterMs ?? (Number(headers.get("retry-after")) * 1_000 || 0),
  };
}

/** What the promise gives, but not after the signal. @type {<T>(signal: AbortSignal, promise: Promise<T>) => Promise<T>} */
function unless(signal, promise) {
  return Promise.race([promise, new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)))]);
}

/** Calls back once nothing has petted it for a while. */
export function watchdog(/** @type {() => void} */ bark, ms = SILENCE_MS) {
  let timer = setTimeout(bark, ms);
  return {
    pet() {
      clearTimeout(timer);
      timer = setTimeout(bark, ms);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
