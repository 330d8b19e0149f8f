// @ts-check
// `<still-here>`: a heart, and a list of who else is here, without a line of script. See element.d.ts.

import { attend, heartView, subscribe } from "./attendance.js";
import { Onlooker } from "./onlooker.js";

/** @typedef {import("./watch.js").Member} Member */

/** More than anybody reads; the number stays exact. */
const MOST_SHOWN = 100;

const FRAME = `
<slot name="heading"></slot>
<div role="status" aria-live="polite"><p part="count" hidden></p></div>
<ul part="list"></ul>
<p part="more" hidden></p>
<slot name="empty" hidden></slot>
<div role="alert"><p part="trouble" hidden></p></div>`;

// Colours of the system, so that it is dark where the page is.
const STYLE = `
:host { display: block }
:host([hidden]), [hidden] { display: none }
p, ul { margin: 0; padding: 0 }
ul { list-style: none }
li { display: flex; align-items: baseline; gap: .5em; padding: .15em 0; min-width: 0 }
[part=name] { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
[part=status], [part=more], [part=trouble] { font-size: .85em; opacity: .75 }
[part=dot] { flex: none; width: .6em; height: .6em; border-radius: 50%; border: 1px solid; box-sizing: border-box }
[data-status=online] [part=dot] { background: #2a9d58; border-color: #2a9d58 }
[data-status=away] [part=dot] { background: #d99a1c; border-color: #d99a1c }`;

/** On a server there is nothing to extend. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

export class StillHereElement extends Base {
  static observedAttributes = ["endpoint", "token", "channel", "page", "credentials", "show", "watch-only", "label"];

  /** @type {import("./attendance.js").HeartOptions["token"]} */
  #token;
  /** @type {ReturnType<typeof attend> | null} */
  #place = null;
  /** @type {Onlooker | null} */
  #onlooker = null;
  #unsubscribe = () => {};
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /** @param {Member} member */
  nameOf({ user }) {
    return user;
  }

  /** @param {number} count */
  describe(count) {
    return count === 1 ? "1 person is here" : `${count} people are here`;
  }

  get token() {
    return this.#token === undefined ? (this.getAttribute("token") ?? undefined) : this.#token;
  }

  set token(token) {
    this.#token = token;
    this.#want();
  }

  get status() {
    return this.getAttribute("status");
  }

  /** @returns {readonly Member[]} */
  get members() {
    return this.#onlooker?.sight.members ?? [];
  }

  connectedCallback() {
    // What was set before the element was known hides what sets it.
    if (Object.hasOwn(this, "token")) {
      const { token } = this;
      delete (/** @type {any} */ (this).token);
      this.#token = token;
    }
    if (!this.shadowRoot) this.#furnish();
    this.#place = attend();
    this.#unsubscribe = subscribe(() => this.#reflect());
    this.#onlooker = new Onlooker(() => this.#draw());
    this.#want();
    this.#reflect();
  }

  disconnectedCallback() {
    this.#unsubscribe();
    this.#place?.leave();
    this.#onlooker?.leave();
    this.#place = this.#onlooker = null;
    this.removeAttribute("status");
  }

  attributeChangedCallback() {
    this.#want();
  }

  #furnish() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = FRAME;
    // Not an element: many a page's policy forbids those.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  }

  #want() {
    if (!this.#place || !this.#onlooker) return;
    const { token } = this;
    const said = (/** @type {string} */ name) => this.getAttribute(name) ?? undefined;
    const [endpoint, page, channel, credentials] = ["endpoint", "page", "channel", "credentials"].map(said);
    const options = /** @type {import("./onlooker.js").SightOptions} */ ({ endpoint, token, channel, credentials });
    this.#place.want(this.hasAttribute("watch-only") ? null : { ...options, page });
    const show = said("show");
    const topic = { channel: channel ?? "site", ...(show === "count" && { counts: true }) };
    this.#onlooker.want(show === "nothing" ? null : { ...options, ...topic });
    this.#draw();
  }

  #reflect() {
    const { status } = heartView();
    if (status === null || !this.#place || this.hasAttribute("watch-only")) this.removeAttribute("status");
    else if (status !== this.status) this.setAttribute("status", status);
  }

  #draw() {
    const { shadowRoot: root } = this;
    if (!root || !this.#onlooker) return;
    const { members, counts, isKnown, state } = this.#onlooker.sight;
    const isCount = this.getAttribute("show") === "count";
    const size = isCount ? counts.reduce((sum, { users }) => sum + users, 0) : members.length;
    /** @type {(part: string, words: string | false) => void} */
    const say = (part, words) => {
      const place = /** @type {HTMLElement} */ (root.querySelector(`[part=${part}]`));
      place.hidden = !words;
      if (words && place.textContent !== words) place.textContent = words;
    };
    say("count", isKnown && this.describe(size));
    say("more", !isCount && size > MOST_SHOWN && `+ ${size - MOST_SHOWN}`);
    say("trouble", state.phase === "refused" && (state.message ?? ""));
    /** @type {HTMLElement} */ (root.querySelector("[name=empty]")).hidden = !isKnown || size > 0;
    const list = /** @type {HTMLElement} */ (root.querySelector("ul"));
    list.hidden = isCount || !members.length;
    list.setAttribute("aria-label", this.getAttribute("label") ?? "Who is here");
    this.#list(list, members.slice(0, MOST_SHOWN));
  }

  /** @type {(list: HTMLElement, members: readonly Member[]) => void} */
  #list(list, members) {
    const users = new Set(members.map(({ user }) => user));
    for (const [user, row] of this.#rows) {
      if (users.has(user)) continue;
      row.remove();
      this.#rows.delete(user);
    }
    members.forEach((member, place) => {
      let row = this.#rows.get(member.user);
      if (!row) {
        row = document.createElement("li");
        row.setAttribute("part", "member");
        row.innerHTML = '<span part="dot" aria-hidden="true"></span><span part="name"></span><span part="status"></span>';
        this.#rows.set(member.user, row);
      }
      row.dataset.status = member.status;
      const [, name, status] = row.children;
      name.textContent = this.nameOf(member);
      status.textContent = member.status;
      if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
    });
  }
}

if (globalThis.customElements && !customElements.get("still-here")) customElements.define("still-here", StillHereElement);
