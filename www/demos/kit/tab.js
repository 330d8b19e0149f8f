// What lets a frame stand for a tab. Imported before the client; in a real tab it does nothing.
//
// All frames of a page share its `sessionStorage`, its visibility and its end, where tabs have each their own. So a
// frame gets a storage for itself, and `window.tab`, by which the stage around it says what happens to the tab.

/** Where a browser says that somebody looks away, or that the page is over. */
const ENDINGS = ["visibilitychange", "freeze", "pagehide", "blur"];

/** What is kept for the next page of the tab, gone with the frame. */
class TabStorage {
  #kept = new Map();

  getItem(name) {
    return this.#kept.get(name) ?? null;
  }

  setItem(name, value) {
    this.#kept.set(name, String(value));
  }

  removeItem(name) {
    this.#kept.delete(name);
  }
}

let isDead = false;
/** What the stage says of the tab; whether the whole page can be seen is the browser's to say. */
let turned = "visible";

function turn(visibility) {
  turned = visibility;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}

/**
 * A browser keeps the whole page with its frames for a return that may never come, and the server would wait for
 * everybody in them. When the visitor leaves, the persons close their tabs.
 */
function goHome(event) {
  if (!event.persisted) return;
  event.stopImmediatePropagation();
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: false }));
}

function standForATab() {
  Object.defineProperty(window, "sessionStorage", { value: new TabStorage() });
  const isReallyHidden = Object.getOwnPropertyDescriptor(Document.prototype, "hidden").get;
  const hidden = () => turned === "hidden" || isReallyHidden.call(document);
  Object.defineProperty(document, "hidden", { get: hidden });
  Object.defineProperty(document, "visibilityState", { get: () => (hidden() ? "hidden" : "visible") });
  for (const kind of ENDINGS) {
    // First in the row, as nothing else has begun to listen yet.
    addEventListener(kind, (event) => isDead && event.stopImmediatePropagation(), { capture: true });
  }
  addEventListener("pagehide", goHome, { capture: true });
  window.tab = {
    /** As when the machine loses its power: nobody in here hears of the end, so nobody says a word about it. */
    die() {
      isDead = true;
    },
    /** As when another tab comes before this one. */
    hide: () => turn("hidden"),
    /** As when it goes away again. */
    show: () => turn("visible"),
  };
}

if (frameElement) standForATab();

/** Tells the stage around this tab what is so, as `data-…` of the frame: `show({ status: "in" })`. */
export function show(facts) {
  if (frameElement) Object.assign(frameElement.dataset, facts);
}
