// The panel with further persons: each in a frame that stands for a tab. They can be opened, told that nobody looks,
// closed as a person closes a tab, and killed without a word.

import { count, hue } from "../../format.js";
import { text } from "../../markup.js";
import { element } from "./element.js";

/** A browser has six connections for a server over HTTP/1.1, and who watches keeps one. */
const MOST_TABS = 6;

/** The stage on the page. It tells whose tab was opened, closed or killed: `onOpen`, `onClose`, `onKill`. */
export class Stage {
  #cast;
  #page;
  #told;
  #buttons = new Map();
  #list;
  #note;
  /** How often each person has got a tab, for its name. */
  #opened = new Map();

  /**
   * @param {Element} root the panel: with `.cast`, `.tabs` and a `role=status`
   * @param {{ cast: { user: string, name: string, role: string }[], page?: string, onOpen?: Function, onClose?: Function,
   *   onKill?: Function }} how
   */
  constructor(root, { cast, page = "person.html", ...told }) {
    this.#cast = cast;
    this.#page = page;
    this.#told = told;
    this.#list = root.querySelector(".tabs");
    this.#note = root.querySelector("[role=status]");
    for (const person of cast) {
      const { user, name } = person;
      const button = element(
        "button",
        { type: "button", class: "secondary small", "data-open": user, onclick: () => this.open(user).focus() },
        element("span", { "aria-hidden": "true" }, "+"),
        element("span", {}, name),
      );
      root.querySelector(".cast").append(button);
      this.#buttons.set(user, button);
    }
    this.#label();
  }

  /** Opens a tab of a person, and gives its frame. */
  open(user) {
    const person = this.#cast.find((person) => person.user === user);
    const number = (this.#opened.get(user) ?? 0) + 1;
    this.#opened.set(user, number);
    const title = `${person.name}, tab ${number}`;
    const src = `${this.#page}?as=${encodeURIComponent(user)}`;
    const frame = element("iframe", { src, title, "data-user": user });
    const tab = element("li", { class: "tab", "data-user": user, "data-number": String(number) });
    const act = (name, words, onclick) => {
      const says = { "data-act": name, "aria-label": `${words}: ${title}` };
      return element("button", { type: "button", class: "quiet", ...says, onclick }, words);
    };
    const hide = act("hide", "Look away", () => this.#hide(tab, frame, hide));
    tab.append(
      element("header", {},
        element("h3", {},
          element("span", { class: "person-dot", "aria-hidden": "true" }), `${title} `,
          element("span", { class: "chip" }, person.role)),
        element("a", { class: "link", href: src, target: "_blank", rel: "noopener" },
          "in a real tab", element("span", { class: "visually-hidden" }, ` of ${person.name}`))),
      frame,
      element("div", { class: "tab-acts" },
        hide,
        act("close", "Close", () => this.#end(tab, person, "onClose")),
        act("kill", "Kill without a word", () => {
          frame.contentWindow.tab?.die();
          this.#end(tab, person, "onKill");
        })),
    );
    tab.style.setProperty("--hue", hue(user));
    this.#list.append(tab);
    this.#label();
    this.#told.onOpen?.(person);
    return frame;
  }

  /** How many tabs a person has here. */
  tabsOf(user) {
    return this.#list.querySelectorAll(`.tab[data-user="${CSS.escape(user)}"]`).length;
  }

  #hide(tab, frame, button) {
    const isHidden = tab.classList.toggle("is-hidden");
    const { tab: inside } = frame.contentWindow;
    if (isHidden) inside?.hide();
    else inside?.show();
    text(button, isHidden ? "Look again" : "Look away");
    button.setAttribute("aria-label", `${button.textContent}: ${frame.title}`);
  }

  #end(tab, person, told) {
    // Focus must not fall out of the page with the button that had it.
    this.#buttons.get(person.user).focus();
    tab.remove();
    this.#label();
    const left = this.tabsOf(person.user);
    const how = told === "onKill" ? "was killed and has said nothing" : "was closed and has said so";
    const rest = left ? count(left, "tab is", "tabs are") : "no tab is";
    text(this.#note, `A tab of ${person.name} ${how} to the server; ${rest} left.`);
    this.#told[told]?.(person);
  }

  #label() {
    const isFull = this.#list.childElementCount >= MOST_TABS;
    for (const [user, button] of this.#buttons) {
      // A disabled button would drop the focus that #end has just put there.
      button.setAttribute("aria-disabled", String(isFull));
      button.disabled = isFull;
      text(button.lastElementChild, this.tabsOf(user) ? `Another tab of ${this.#name(user)}` : this.#name(user));
    }
    if (isFull) text(this.#note, `${MOST_TABS} tabs are as many as fit here; close one to open another.`);
  }

  #name(user) {
    return this.#cast.find((person) => person.user === user).name;
  }
}
