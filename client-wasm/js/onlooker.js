// @ts-check
// A watch on behalf of a component, which changes its mind about what it wants to see.

import { subscribe } from "./attendance.js";
import { live, Wanted } from "./wanted.js";
import { watch } from "./watch.js";

/** @typedef {import("./onlooker.js").Sight} Sight */
/** @typedef {import("./onlooker.js").SightOptions} SightOptions */

/** Nobody known yet. @type {Sight} */
export const NOBODY = { members: [], counts: [], isKnown: false, state: { phase: "connecting" } };

export class Onlooker {
  /** @type {Wanted<SightOptions>} */
  #wanted = new Wanted();
  /** @type {import("./watch.js").Watch | null} */
  #watch = null;
  #onSight;
  #unsubscribe;

  /** What is seen. The same object until something changes. */
  sight = NOBODY;

  /** @param {() => void} onSight called after each change */
  constructor(onSight) {
    this.#onSight = onSight;
    // Where only those who are in a channel see who else is there, the first beat is what opens it.
    this.#unsubscribe = typeof document === "undefined" ? () => {} : subscribe(() => this.#watch?.reconnect());
  }

  /** @param {SightOptions | null} options null: nothing */
  want(options) {
    if (typeof document === "undefined") return;
    if (!this.#wanted.become(options)) return this.#watch?.reconnect();
    this.#watch?.stop();
    this.#watch = null;
    this.#see(NOBODY);
    if (!this.#wanted.options) return;
    const given = live(this.#wanted.options, () => this.#wanted);
    const here = (this.#watch = watch(/** @type {import("./watch.js").WatchOptions} */ (given)));
    const look = () => {
      const { members, counts, isKnown, state } = here;
      if (this.#watch === here) this.#see({ members, counts, isKnown, state });
    };
    here.on("change", look);
    here.on("state", look);
  }

  leave() {
    this.#unsubscribe();
    this.#watch?.stop();
    this.#watch = null;
  }

  /** @param {Sight} sight */
  #see(sight) {
    if (sight === this.sight) return;
    this.sight = sight;
    this.#onSight();
  }
}
