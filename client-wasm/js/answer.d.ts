/** What became of a beat. */
export interface Verdict {
  /** What the engine is told, in the numbers that `src/numbers.rs` reads. */
  means: number[];
  /** What the server holds the user for, when it took the beat. */
  status?: string;
  /** What kind of thing is in the way, when it did not. */
  code?: string;
  /** The same for a developer, as far as anybody has said it. */
  message?: unknown;
}

/** The kinds of verdict that others ask for. */
export const RETRY: number;
export const ENDED: number;

/** What an answer means: its status, its body as JSON, and its header `retry-after`. */
export function judge(status: number, body?: any, retryAfter?: string | null): Verdict;
