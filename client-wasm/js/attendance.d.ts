import type { Handle, Options } from "./index.js";

/** As for `start`; with `token: null` nobody is signed in, and nothing beats. */
export interface HeartOptions extends Omit<Options, "token"> {
  token?: Options["token"] | null;
}

/** How the page's heart is. */
export interface HeartView {
  /** Null before the start, on a server, and while nobody is signed in. */
  readonly handle: Handle | null;
  /** What the server holds the person for: `online`, `away`, `offline`. */
  readonly status: string | null;
  readonly session: string | null;
  readonly isRunning: boolean;
}

/** What a component can do with the heart. */
export interface HeartActs {
  /** Beats at once. */
  beatNow(): void;
  /** The person signs out: everybody is told at once. */
  signOut(): void;
  /** Counts as human input, for what raises no event: a film, a game pad. */
  markActive(): void;
}

export const STILL: HeartView;
export function heartView(): HeartView;
export function subscribe(listener: () => void): () => void;
export const beatNow: HeartActs["beatNow"];
export const markActive: HeartActs["markActive"];
export const signOut: HeartActs["signOut"];
export function attend(): { want(options: HeartOptions | null): void; leave(): void };
