import type { Beat } from "./beat.js";
import type { Options, Settings } from "./options.js";

/** What the wasm calls to have beats sent. */
export interface Post {
  /**
   * Sends the beat that was said; resolves to what became of it, in the numbers that the wasm reads, and to none when it
   * is too late. When it parts, the page may be gone before anything is answered: no step waits, and nobody is told.
   */
  send(parts: boolean): Promise<number[]>;
}

/** Who hears what becomes of beats. */
export interface Hears {
  beat(beat: Beat, ok: boolean, tookMs: number): void;
  status(status: string): void;
  error(code: string, cause: unknown, retry: boolean): void;
}

/** The way of a heart's beats to its server. */
export function post(settings: Settings, asked: Options["token"], hears: Hears): Post;
