import type { ComputedRef, MaybeRef, MaybeRefOrGetter, ShallowRef } from "vue";
import type { HeartActs, HeartOptions, HeartView } from "./attendance.js";
import type { Sight, SightOptions } from "./onlooker.js";
import type { Counts, Member } from "./watch.js";

export type { Counts, HeartActs, HeartOptions, HeartView, Member, Sight, SightOptions };

/** Options, each of which may be a ref; or a ref to them, or a function that gives them. Null: nobody is signed in. */
export type Reactive<Options> = MaybeRefOrGetter<{ [Name in keyof Options]: MaybeRef<Options[Name]> } | null>;

/**
 * The page's heart for as long as the component lives. Another `channel` or `page`, and a newer token of the same person,
 * go on in the same session; anything else begins another.
 */
export function useStillhere(options?: Reactive<HeartOptions>): HeartActs & {
  readonly [Name in keyof HeartView]: ComputedRef<HeartView[Name]>;
};

/** Who is here: takes the options of the heart too, and does not mind those that are not for it. */
export function useMembers(options?: Reactive<SightOptions & HeartOptions>): ComputedRef<readonly Member[]>;

/** Who or how many are here, whether that is known yet, and how the line is. */
export function useWatch(options?: Reactive<SightOptions & HeartOptions>): Readonly<ShallowRef<Sight>>;
