import type { Handle, Options } from "./heart.js";

declare global {
  interface Window {
    /** What the script gives the page. */
    stillhere: {
      /** As in the module `stillhere`. */
      start(options?: Options): Promise<Handle>;
      /** The heart that the script has started, unless it was imported by a module. */
      heart: Promise<Handle> | undefined;
    };
  }
}
