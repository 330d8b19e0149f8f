/** Somebody who is in a channel. */
export interface Member {
  channel: string;
  user: string;
  /** As the server's preset calls it: `online`, `away`, `offline`. */
  status: string;
  page: string | null;
  /** ISO 8601, as all moments, by the server's clock. */
  sinceAt: string;
  /** Of whoever stays `online` it grows old: watchers are told changes, never beats. */
  lastSeenAt: string;
  lastActiveAt: string;
  /** In words, when it was told: `5m ago`. */
  lastSeenAgo: string;
  lastActiveAgo: string;
  /** How many tabs. */
  sessions: number;
}

/** How many are in a channel. */
export interface Counts {
  channel: string;
  users: number;
  /** By status, best first. */
  statuses: Record<string, number>;
}

/** A row of the punch clock's log. */
export interface Punch {
  user: string;
  /** Names the stay. */
  epoch: string;
  kind: "IN" | "OUT" | "AUTO_OUT" | "CORRECTION";
  at: string;
  detectedAt: string;
  reason: LeaveReason | null;
  errorBoundMs: number;
}

export type LeaveReason = "closed" | "timeout" | "signed_out" | "removed";

/** How it stands with the line to the server. */
export interface LineState {
  /**
   * `resting`: nobody looks, and other tabs need the browser's few connections; or the page is in the back/forward cache.
   * `refused`: until somebody changes something, and calls `reconnect` or comes back to the page.
   */
  phase: "connecting" | "live" | "reconnecting" | "resting" | "refused" | "stopped";
  /** When it is tried again, while `reconnecting`. */
  inMs?: number;
  /** What the server said, if it said why. */
  message?: string;
}

/** What is watched: of `channel`, `user` and `users` at most one; without any, everybody whom the server shows. */
export interface Topic {
  channel?: string;
  /** One person wherever they are, with their punches. The server shows it to that person and to admins. */
  user?: string;
  /** Some people wherever they are, 256 at most. */
  users?: readonly string[];
  /** Only how many are in the `channel`, or in each: see `Watch.counts`. */
  counts?: boolean;
}

export interface WatchOptions extends Topic {
  /** Where the server's API is: a path or a URL. Default: `"/v1"`. */
  endpoint?: string;
  /** Who watches. A function is asked before the first request, and again when the server no longer takes its last answer. */
  token?: string | (() => string | Promise<string>);
  /**
   * Tabs that watch the same as the same person share one stream. Who it is, is read from the token. Without one a cookie
   * says it, which no script can read, and each tab has its own stream unless you name the person here.
   */
  sharedAs?: string;
  /** `"include"` sends cookies to a server of another origin too. */
  credentials?: "include" | "same-origin" | "omit";
  /** Called after each change, as a listener of `change` is. */
  onChange?: (watch: Watch) => void;
  /** Log everything that is told with `console.debug`. */
  debug?: boolean;
}

export interface WatchEvents {
  /** Everything as it is now: at first, and after a time from which the changes are not known any more. */
  snapshot: { nowAt: string; members: Member[] } | { nowAt: string; channels: Counts[] };
  join: { at: string; member: Member };
  update: { at: string; member: Member };
  leave: { at: string; channel: string; user: string; reason: LeaveReason; lastSeenAt: string };
  counts: { at: string } & Counts;
  punch: Punch;
  /** After each of the ones above. */
  change: Watch;
  state: LineState;
  /** Something is in the way. `retry: false`: somebody must change something. */
  error: { code: string; message: string; retry: boolean };
}

/** What somebody watches. Lists are new ones after each change, so that they can be compared by identity. */
export interface Watch {
  /** Who is here. */
  readonly members: readonly Member[];
  /** How many are where, if that was asked for. */
  readonly counts: readonly Counts[];
  /** Whether the server has said who is here: an empty list is then an empty channel. */
  readonly isKnown: boolean;
  readonly state: LineState;
  /** Calls `listener` for each event until the function that this returns is called. */
  on<Kind extends keyof WatchEvents>(kind: Kind, listener: (event: WatchEvents[Kind]) => void): () => void;
  /** Tries again now, if the line is not live. */
  reconnect(): void;
  /** Leaves no listener, timer, lock or open line behind. */
  stop(): void;
}

/**
 * Follows who is here: a snapshot, then each change, over lost lines and sleeping machines, by one stream for all tabs.
 * On a server it does nothing.
 *
 * @throws TypeError for options that cannot be meant, and never anything else.
 */
export function watch(options?: WatchOptions): Watch;

/**
 * Whom a token names, as a text to compare with: everything that a JWT says but its times, or the whole of a token that
 * cannot be read.
 */
export function personOf(token: string): string;
