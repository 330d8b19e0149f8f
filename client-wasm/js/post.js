// @ts-check
// Beats onto the wire: `fetch` while the page lives, `sendBeacon` for its last word, each the other's fallback.
//
// The body is text, the token lies in it and no header is set, so no browser asks the server beforehand.

import { ENDED, RETRY, judge } from "./answer.js";
import { keepWord, takeWords } from "./last_word.js";
import { cut } from "./options.js";
import { saidBeat, session } from "./said.js";

/** @typedef {import("./answer.js").Verdict} Verdict */
/** @typedef {import("./beat.js").Beat} Beat */

/** @type {typeof import("./post.js").post} */
export function post(settings, asked, hears) {
  /** The token at hand. A beacon cannot wait for another. @type {string | undefined} */
  let token = settings.token || undefined;

  /** Whether the newest beat that wants an answer has got one. */
  let isHeard = true;

  /** The beat, with the channel and page of this moment. @type {(beat: Beat) => Beat} */
  const here = (beat) => ({ ...beat, channel: settings.channel, page: cut(settings.page ?? "") });

  /** And with the token at hand. @type {(beat: Beat) => string} */
  const pack = (beat) => JSON.stringify({ ...here(beat), token });

  /** Foreign code has patched it in many a page, and may throw at once. @type {(body: string) => Promise<Response>} */
  const go = (body) => fetch(settings.url, { method: "POST", body, keepalive: true, credentials: settings.credentials });

  /** True when the browser has taken it. It is absent in a few privacy browsers. @type {(body: string) => boolean} */
  function beacon(body) {
    try {
      return navigator.sendBeacon(settings.url, body);
    } catch {
      return false;
    }
  }

  /** @type {(body: string) => Promise<Verdict>} */
  async function exchange(body) {
    let answer;
    try {
      answer = go(body);
    } catch {
      // The beacon's answer is never seen, so the beat counts as lost, but the server has it.
      beacon(body);
    }
    try {
      const response = /** @type {Response} */ (await answer);
      return judge(response.status, await response.json().catch(() => {}), response.headers.get("retry-after"));
    } catch {
      return judge(0);
    }
  }

  /** What a tab before this one could not say. @type {(word: import("./last_word.js").Word) => Promise<void>} */
  async function bring({ at, agoMs, beat }) {
    try {
      const { status } = await go(JSON.stringify({ ...beat, agoMs, token }));
      // A refusal is the word's end: the session has been told of, or is another's. From 429 on it means: later.
      if (status < 429) return;
    } catch {
      // Gone again.
    }
    keepWord(settings.url, beat, at);
  }

  /** The page may be gone before anything is answered: no step of this waits. @type {(beat: Beat) => number[]} */
  function part(beat) {
    const body = pack(beat);
    let isOut = beacon(body);
    try {
      // Nobody needs the answer, but a rejection that nobody hears of would stand in the page's console.
      if (!isOut) go(body).catch(() => {});
      isOut = true;
    } catch {
      // Then it is lost.
    }
    if (beat.state === "closed" && !isHeard) keepWord(settings.url, here(beat));
    hears.beat(beat, isOut, 0);
    return [];
  }

  return {
    async send(parts) {
      const beat = saidBeat();
      if (parts) return part(beat);
      /** @type {Verdict | undefined} */
      let verdict;
      try {
        if (typeof asked === "function") token ??= await given(asked);
      } catch (thrown) {
        verdict = judge(0, { error: { code: "token_function", message: thrown } });
      }
      const sentAt = performance.now();
      isHeard = false;
      // The tab may have stopped meanwhile, or gone on in another session.
      if (session() === beat.session) verdict ??= await exchange(pack(beat));
      if (!verdict || session() !== beat.session) return [];
      const { means, status, code, message } = verdict;
      if (status) hears.status(status);
      hears.beat(beat, !code, performance.now() - sentAt);
      if (!code) {
        isHeard = true;
        // The network is there, and the token good.
        takeWords(settings.url, beat.session).forEach(bring);
      } else {
        // A page that can be asked is asked again before the next beat.
        if (typeof asked === "function" && code.startsWith("token_")) token = undefined;
        if (means[0] !== ENDED) hears.error(code, message, means[0] === RETRY);
      }
      return [beat.seq, ...means];
    },
  };
}

/** @type {(asked: () => unknown) => Promise<string>} */
async function given(asked) {
  const token = await asked();
  if (typeof token !== "string") throw new TypeError("the token function must return a string");
  return token;
}
