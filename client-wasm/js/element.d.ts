import type { HeartOptions } from "./attendance.js";
import type { Member } from "./watch.js";

/**
 * `<still-here endpoint="/v1" channel="orders">`: beats for as long as it is in the page, and shows who else is here.
 * Several elements share the page's one heart; the first says how it beats.
 *
 * Attributes, each of which may change: `endpoint`, `token`, `channel`, `page`, `credentials` as for `start`;
 * `show="list"`, `"count"` for numbers only, or `"nothing"`; `watch-only`: no heart; `label` names the list.
 * `status` says what the server holds the person for, as a hook for styles.
 *
 * Slots: `heading`, and `empty` for when nobody is here. Parts: `count`, `list`, `member`, `dot`, `name`, `status`,
 * `more`, `trouble`.
 */
export class StillHereElement extends HTMLElement {
  /** Goes over the attribute. A function is asked again when its last token is over; with null nobody is signed in. */
  token: HeartOptions["token"];
  /** What the list calls somebody; by default the user's id. */
  nameOf: (member: Member) => string;
  /** The sentence with the number, which is read out when it changes. */
  describe: (count: number) => string;
  readonly status: string | null;
  readonly members: readonly Member[];
}

declare global {
  interface HTMLElementTagNameMap {
    "still-here": StillHereElement;
  }
}
