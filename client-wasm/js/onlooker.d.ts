import type { Counts, LineState, Member, WatchOptions } from "./watch.js";

/** As for `watch`; with `token: null` nobody is signed in, and nothing is watched. */
export interface SightOptions extends Omit<WatchOptions, "token" | "onChange"> {
  token?: WatchOptions["token"] | null;
}

/** What somebody sees who watches. */
export interface Sight {
  readonly members: readonly Member[];
  readonly counts: readonly Counts[];
  /** Whether the server has said who is here: an empty list is then an empty channel. */
  readonly isKnown: boolean;
  readonly state: LineState;
}

export const NOBODY: Sight;

export class Onlooker {
  constructor(onSight: () => void);
  readonly sight: Sight;
  want(options: SightOptions | null): void;
  leave(): void;
}
