import type { ReactElement, ReactNode } from "react";
import type { HeartActs, HeartOptions, HeartView } from "./attendance.js";
import type { Sight } from "./onlooker.js";
import type { Counts, LineState, Member, Topic } from "./watch.js";

export type { Counts, HeartActs, HeartView, LineState, Member, Sight, Topic };

export interface StillhereProps extends HeartOptions {
  children?: ReactNode;
}

/**
 * Starts the page's heart for whoever is signed in, and stops it when it goes. With `token={null}` nobody is. Another
 * `channel` or `page`, and a newer token of the same person, go on in the same session; anything else begins another.
 * A page has one heart: of several providers the first says how it beats.
 */
export function StillhereProvider(props: StillhereProps): ReactElement;

/** The page's heart. */
export function useStillhere(): HeartView & HeartActs;

/** What the server holds the person for; null until it has said so. */
export function useStatus(): string | null;

/**
 * Who is in a channel; the provider's without a name. All who look share one stream, in all tabs. A topic other than a
 * channel is for `useMembers({ users: ["ann", "bob"] })`, and `useMembers({})` is everybody.
 */
export function useMembers(topic?: string | Omit<Topic, "counts">): readonly Member[];

/** How many are in each channel, or in one. */
export function useCounts(channel?: string): readonly Counts[];

/** Who or how many are here, whether that is known yet, and how the line is. */
export function useWatch(topic?: string | Topic): Sight;
