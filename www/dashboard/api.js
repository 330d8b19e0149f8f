// @ts-check
// Asks one system's API, as whoever has the token.

import { asSentence } from "../format.js";

/** Why there is no answer, in a sentence for people. */
export class Refused extends Error {
  /** @type {(code: string, message: string) => Refused} */
  static because(code, message) {
    return Object.assign(new Refused(message), { code });
  }

  code = "";

  /** Whether another token would help. */
  get isOfToken() {
    return ["token_missing", "token_bad", "not_allowed"].includes(this.code);
  }
}

/** What a refusing server said. @type {(answer: Response) => Promise<Refused>} */
export async function refusalOf(answer) {
  try {
    const { code, message } = (await answer.json()).error;
    return Refused.because(code, asSentence(message));
  } catch {
    // A proxy in between answers in its own way; its status is all there is.
    return Refused.because(`http_${answer.status}`, `The server answered ${answer.status}. Try again in a moment.`);
  }
}

export class Api {
  /** @type {() => Promise<string | null>} */
  #pass;

  /** @param {string} endpoint @param {() => Promise<string | null>} pass asked before each request */
  constructor(endpoint, pass) {
    this.endpoint = endpoint.replace(/\/+$/, "");
    this.#pass = pass;
  }

  /** @type {(path: string, question?: Record<string, string | number | null | undefined>) => Promise<any>} */
  async get(path, question = {}) {
    return (await this.#ask(this.address(path, question), "application/json")).json();
  }

  /** A list as a file. @type {(path: string, question?: Record<string, string | number | null | undefined>) => Promise<Blob>} */
  async table(path, question = {}) {
    return (await this.#ask(this.address(path, { ...question, format: "csv" }), "text/csv")).blob();
  }

  /** What stands beside the API, as text. @type {(address: string) => Promise<string>} */
  async text(address) {
    return (await this.#ask(address, "text/plain")).text();
  }

  /** @type {(path: string, question?: Record<string, string | number | null | undefined>) => string} */
  address(path, question = {}) {
    const asked = Object.entries(question).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const words = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
    return `${this.endpoint}${path}${words && "?"}${words}`;
  }

  /** @type {(address: string, accept: string) => Promise<Response>} */
  async #ask(address, accept) {
    const pass = await this.#pass();
    /** @type {Record<string, string>} */
    const headers = { accept };
    if (pass) headers.authorization = `Bearer ${pass}`;
    let answer;
    try {
      answer = await fetch(address, { headers, cache: "no-store" });
    } catch {
      throw Refused.because("network", "The server does not answer. Is it running, and are you online?");
    }
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }
}
