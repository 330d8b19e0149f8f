// What is kept of a tab that was closed while its beats did not get through, and what is not.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { keepWord, takeWords } from "../../client-wasm/js/last_word.js";

const URL = "/v1/beat";
const DAY = 86_400_000;

/** A browser's storage with room for so many letters. */
function storage(room = Infinity) {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => void items.delete(key),
    setItem(key, text) {
      if (text.length > room) throw new DOMException("full", "QuotaExceededError");
      items.set(key, text);
    },
  };
}

beforeEach(() => {
  globalThis.localStorage = storage();
});

const word = (session, more) => ({ session, seq: 7, t: 90_000, state: "closed", visible: [[0, 90_000]], ...more });
const sessions = (own = "own") => takeWords(URL, own).map(({ beat }) => beat.session);

test("a last word is kept with how long ago it was said, and taken once", () => {
  keepWord(URL, word("a"), Date.now() - 60_000);
  const [kept] = takeWords(URL, "own");
  assert.deepEqual(kept.beat, word("a"));
  assert.ok(kept.agoMs >= 60_000 && kept.agoMs < 70_000, String(kept.agoMs));
  assert.deepEqual(sessions(), []);
});

test("a tab whose next page goes on with the session does not end it", () => {
  keepWord(URL, word("a"));
  keepWord(URL, word("own"));
  assert.deepEqual(sessions(), ["a"]);
});

test("words of one server are not brought to another", () => {
  keepWord("https://example.com/v1/beat", word("a"));
  assert.deepEqual(sessions(), []);
});

test("number, length and age of what is kept are bounded", () => {
  for (let i = 0; i < 20; i++) keepWord(URL, word(`tab ${i}`));
  assert.deepEqual(sessions(), [12, 13, 14, 15, 16, 17, 18, 19].map((i) => `tab ${i}`));
  keepWord(URL, word("long", { page: "/".repeat(5_000) }));
  keepWord(URL, word("old"), Date.now() - 8 * DAY);
  keepWord(URL, word("of a clock that was set back"), Date.now() + DAY);
  assert.deepEqual(sessions(), []);
});

test("where nothing can be stored, nothing is thrown", () => {
  globalThis.localStorage = storage(10);
  keepWord(URL, word("a"));
  assert.deepEqual(sessions(), []);
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("blocked", "SecurityError");
    },
  });
  keepWord(URL, word("a"));
  assert.deepEqual(sessions(), []);
  delete globalThis.localStorage;
});

test("what others have written there is no word", () => {
  for (const text of ["null", "{", "17", '[{"at":1}]', "[null]"]) {
    localStorage.setItem(`stillhere ${URL}`, text);
    assert.deepEqual(sessions(), [], text);
    keepWord(URL, word("a"));
    assert.doesNotThrow(() => takeWords(URL, "own"), text);
  }
});
