/** What the engine says in a beat; `undefined` is not written. */
export interface Beat {
  session: string;
  seq: number;
  /** Milliseconds since the session began. */
  t: number;
  state: "active" | "passive" | "hidden" | "frozen" | "closed";
  signOut: true | undefined;
  idle: true | undefined;
  /** The promise, if one is made. */
  nextMs: number | undefined;
  /** Each span's start and end, as `t` is. */
  visible: number[][];
  activeMs: number;
}

/** The text of an id that is said in four parts; empty when there are none. */
export function readId(parts: number[]): string;

/** The beat that is said in these numbers. */
export function readBeat(numbers: number[]): Beat;
