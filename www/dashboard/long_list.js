// @ts-check
// A list of any length of which only the rows in view are in the document. For a screen reader it is a listbox: each
// option says which one it is of how many, and the arrow keys lead through all of them.

import { held, ledBy, pageOf, rowsInView, scrolledTo } from "./rows.js";

/**
 * What a list needs from whoever has one.
 *
 * @typedef {object} Contents
 * @property {() => HTMLElement} make an empty row
 * @property {(row: HTMLElement, key: string) => void} fill what a row shows of a key
 * @property {(key: string) => void} choose somebody wants this one
 * @property {(key: string) => boolean} isChosen whether it is the one that is looked at elsewhere on the page
 */

export class LongList {
  #box;
  #space;
  #contents;
  /** @type {readonly string[]} */
  #keys = [];
  /** The rows in the document. @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** Where the keyboard is: its key, and its place for when that one leaves. @type {{ key: string | null, at: number }} */
  #active = { key: null, at: -1 };
  #rowHeight = 0;
  #height = 0;
  #madeRows = 0;

  /** @param {HTMLElement} box @param {Contents} contents */
  constructor(box, contents) {
    this.#box = box;
    this.#contents = contents;
    this.#space = /** @type {HTMLElement} */ (box.firstElementChild);
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    box.addEventListener("keydown", (event) => this.#lead(event));
    box.addEventListener("click", (event) => this.#point(event));
    box.addEventListener("focus", () => this.#activate(Math.max(0, this.#active.at)));
    new ResizeObserver(() => this.#measure()).observe(box);
  }

  /** Shows these, in this order. The row at the top stays where it is. @param {readonly string[]} keys */
  show(keys) {
    if (keys !== this.#keys) {
      const was = this.#rowHeight ? Math.floor(this.#box.scrollTop / this.#rowHeight) : 0;
      const top = this.#keys[was];
      const is = top === undefined ? was : indexNear(keys, top, was);
      this.#keys = keys;
      this.#stretch();
      if (is !== was && is >= 0) this.#box.scrollTop = held(this.#box.scrollTop, this.#rowHeight, was, is);
      const { key, at } = this.#active;
      if (key !== null) {
        const now = indexNear(keys, key, at);
        const next = now >= 0 ? now : Math.min(at, keys.length - 1);
        this.#active = { key: keys[next] ?? null, at: next };
      }
    }
    this.draw();
  }

  /** Draws what is in view. */
  draw() {
    if (!this.#rowHeight) this.#measure();
    const { first, end } = rowsInView(this.#view());
    const wanted = new Map();
    for (let at = first; at < end; at += 1) wanted.set(this.#keys[at], at);
    // What the keyboard is on must be there to be read out, wherever it has been scrolled to.
    if (this.#active.key !== null && this.#active.at >= 0) wanted.set(this.#active.key, this.#active.at);
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    for (const [key, at] of wanted) this.#put(key, at);
    const active = this.#active.key === null ? undefined : this.#rows.get(this.#active.key);
    if (active) attribute(this.#box, "aria-activedescendant", active.id);
    else this.#box.removeAttribute("aria-activedescendant");
  }

  /** @type {(key: string, at: number) => void} */
  #put(key, at) {
    let row = this.#rows.get(key);
    if (!row) {
      row = this.#contents.make();
      row.id = `${this.#box.id}-${(this.#madeRows += 1)}`;
      row.dataset.key = key;
      this.#rows.set(key, row);
      this.#space.append(row);
    }
    attribute(row, "aria-posinset", at + 1);
    attribute(row, "aria-setsize", this.#keys.length);
    attribute(row, "aria-selected", this.#contents.isChosen(key));
    row.classList.toggle("is-active", key === this.#active.key);
    const place = `translateY(${at * this.#rowHeight}px)`;
    if (row.style.transform !== place) row.style.transform = place;
    this.#contents.fill(row, key);
  }

  #view() {
    return { scrollTop: this.#box.scrollTop, height: this.#height, rowHeight: this.#rowHeight || 1, total: this.#keys.length };
  }

  /** A row is as high as the style sheet and the reader's letters make it. */
  #measure() {
    const probe = this.#contents.make();
    probe.setAttribute("aria-hidden", "true");
    this.#space.append(probe);
    const [height, rowHeight] = [this.#box.clientHeight, probe.offsetHeight];
    probe.remove();
    if (!rowHeight || (height === this.#height && rowHeight === this.#rowHeight)) return;
    this.#height = height;
    this.#rowHeight = rowHeight;
    this.#stretch();
    this.draw();
  }

  #stretch() {
    const height = `${this.#keys.length * this.#rowHeight}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
  }

  /** @param {KeyboardEvent} event */
  #lead(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.#active.key !== null) this.#contents.choose(this.#active.key);
      return;
    }
    const to = ledBy(event.key, this.#active.at, this.#keys.length, pageOf(this.#view()));
    if (to === null) return;
    event.preventDefault();
    this.#activate(to);
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const row = /** @type {Element} */ (event.target).closest("[role=option]");
    const key = row instanceof HTMLElement ? row.dataset.key : undefined;
    if (key === undefined) return;
    this.#activate(this.#keys.indexOf(key));
    this.#contents.choose(key);
  }

  /** @param {number} at */
  #activate(at) {
    const key = this.#keys[at];
    if (key === undefined) return;
    this.#active = { key, at };
    const top = scrolledTo(at, this.#view());
    if (top !== this.#box.scrollTop) this.#box.scrollTop = top;
    this.draw();
  }
}

/** Where a key is: mostly where it was, or a few places off. @type {(keys: readonly string[], key: string, near: number) => number} */
function indexNear(keys, key, near) {
  const from = Math.max(0, near - 64);
  const at = keys.indexOf(key, from);
  return at >= 0 ? at : keys.lastIndexOf(key, from);
}

/** @type {(node: Element, name: string, value: unknown) => void} */
function attribute(node, name, value) {
  const wanted = String(value);
  if (node.getAttribute(name) !== wanted) node.setAttribute(name, wanted);
}
