import type { Options } from "./options.js";

export type { Options };

/** Why the heart waits. */
export type Why =
  | "interval" | "hidden" | "retry" | "answer" | "page" | "returned" | "asked" | "throttled" | "paused" | "idle"
  | "refused" | "stopped";

export interface Events {
  /** The server holds the user for something else than before. */
  status: { status: string };
  /** A new wait. `inMs` is `Infinity` when only an event can end it. */
  wait: { inMs: number; why: Why };
  /** What became of a beat: answered well, or (`ok: false`) not. */
  beat: {
    seq: number;
    state: "active" | "passive" | "hidden" | "frozen" | "closed";
    nextMs: number | null;
    ok: boolean;
    tookMs: number;
  };
  /** The server had ended this session; another has begun. */
  ended: { session: string };
  /** Something is in the way. `retry: false`: trying again cannot help, somebody must change something. */
  error: { code: string; message: string; retry: boolean };
}

/** A page's heart. After `stop`, on a server, or when the wasm cannot run, it does nothing and says so. */
export interface Handle {
  readonly isRunning: boolean;
  /** The session that beats now. */
  readonly session: string | null;
  /** What the server holds the user for, once it has said so. */
  readonly status: string | null;
  /** When the next beat is due, and why then. */
  readonly next: Events["wait"] | null;
  /** Calls `listener` for each event until the function that this returns is called. */
  on<Kind extends keyof Events>(kind: Kind, listener: (event: Events[Kind]) => void): () => void;
  beatNow(): void;
  /** Counts as human input, for what raises no event: a film, a game pad. */
  markActive(): void;
  setChannel(name: string): void;
  setPage(path: string): void;
  /**
   * The person signs out: as `stop`, and everybody is told at once, where after a `stop` the server waits a moment for
   * the next page of the tab.
   */
  signOut(): void;
  /** Sends the last word, and leaves no listener, timer or stored session behind. */
  stop(): void;
}

/**
 * Starts the page's heart. A page has one: a second call with the same options gives the same handle.
 *
 * @throws TypeError for options that cannot be meant, and never anything else.
 */
export function start(options?: Options): Promise<Handle>;
