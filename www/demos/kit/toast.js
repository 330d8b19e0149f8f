// A few words that come up over the page, are read out once, and go again.

import { element } from "./element.js";

/** Long enough to look up from something else, and to read two lines. */
const SHOWN_MS = 15_000;

/** More than that nobody reads at a time. */
const MOST = 4;

// There before the first word: a screen reader reads what changes in a live region, not one that appears.
const box = document.body.appendChild(element("div", { class: "toasts", role: "status", "aria-live": "polite" }));

/** Shows a sentence. `kind` is a word for its looks: `good`, `bad`, or `plain`. */
export function toast(words, kind = "plain") {
  const close = element("button", { type: "button", class: "link", onclick: () => node.remove() }, "Close");
  const looks = { class: "toast", "data-testid": "toast", "data-kind": kind };
  const node = element("p", looks, element("span", {}, words), close);
  box.append(node);
  while (box.childElementCount > MOST) box.firstElementChild.remove();
  setTimeout(() => node.remove(), SHOWN_MS);
}

/** Shows what went wrong. Promises of listeners end here: `.catch(complain)`. */
export function complain(why) {
  toast(why?.message ?? String(why), "bad");
}
