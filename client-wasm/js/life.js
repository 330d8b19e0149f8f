// @ts-check
// The page's life, and the session that is carried from one page of a tab to the next.
//
// It lies in `sessionStorage` only while no page holds it: taken out on load, written back when the page leaves. So a
// duplicated tab, which gets a copy of the storage, finds nothing and begins a session of its own. Where there is no
// storage (private windows, blocked cookies, full), each page is simply a session of its own.

import { comeBack, hear as tell, look } from "stillhere-glue";
import { ONLINE } from "./happening.js";
import { saidOnLeaving } from "./said.js";

/**
 * Heard before any listener of the page hears them. All of these pass the window on their way, those of the document too.
 *
 * No `unload` and no `beforeunload`: they keep a page out of the back/forward cache, and phones never send them.
 */
const KINDS = ["visibilitychange", "focus", "blur", "freeze", "resume", "pagehide", "pageshow", "online"];

/** @type {typeof import("./life.js").take} */
export function take(key) {
  let text = "";
  try {
    text = sessionStorage.getItem(key) ?? "";
    sessionStorage.removeItem(key);
  } catch {
    // In some browsers the mere name `sessionStorage` throws.
  }
  return text.split(" ");
}

/** @type {typeof import("./life.js").watchLife} */
export function watchLife(key, signal) {
  /** Between `pagehide` and `pageshow`: whatever else is heard then is an echo. */
  let hasLeft = false;

  const see = () => look(document.hasFocus());

  /** @type {(isKept: boolean) => void} */
  function put(isKept) {
    const saved = saidOnLeaving(isKept);
    try {
      sessionStorage.setItem(key, saved);
    } catch {
      // Then the next page is a session of its own.
    }
  }

  /** @type {(event: Event) => void} */
  function hear(event) {
    const { type } = event;
    if (type === "pageshow") {
      // The first one, of the page's own load, is no return. Another page of the tab may have carried the session on.
      if (hasLeft) {
        hasLeft = false;
        comeBack(take(key));
        see();
      }
    } else if (hasLeft) {
      // An echo.
    } else if (type === "pagehide") {
      // Not kept for a return: to the server that is the end, unless another page goes on with the session.
      put(/** @type {PageTransitionEvent} */ (event).persisted);
      hasLeft = true;
    } else if (type === "freeze") {
      // A browser that is short of memory may discard the page after this, without another word.
      put(true);
    } else if (type === "online") {
      tell(ONLINE);
    } else {
      if (type === "resume") take(key);
      see();
    }
  }

  for (const kind of KINDS) addEventListener(kind, hear, { capture: true, passive: true, signal });
  // Once more on its way up: Firefox cuts off whatever script runs while it closes a tab, and only that one. If it was
  // ours, the last word is said by this listener.
  addEventListener("pagehide", hear, { signal });
  see();
}
