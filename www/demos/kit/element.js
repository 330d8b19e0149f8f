// Elements made by script, for what is the same in every demo and so stands in no page's markup.

import { initials } from "../../format.js";

/** `element("p", { class: "hint", hidden: true }, "words", child)`. Names with a dash are attributes, others properties. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** What stands for somebody where there is no picture: the letters of their name, without a title. */
export const letters = (name) => initials(name.replace(/^Dr\. /u, ""));

/**
 * Draws a list into a box: one element for each item, by its key, made once and filled at each change. What is drawn
 * already stays where it is, so that neither focus nor a screen reader's place is lost.
 *
 * @param {Element} box
 * @param {readonly any[]} items
 * @param {{ key: (item: any) => string, make: (item: any) => Element, fill: (node: any, item: any) => void }} how
 */
export function drawList(box, items, { key, make, fill }) {
  const old = new Map([...box.children].map((node) => [node.dataset.key, node]));
  items.forEach((item, place) => {
    const name = key(item);
    const node = old.get(name) ?? make(item);
    node.dataset.key = name;
    old.delete(name);
    fill(node, item);
    if (box.children[place] !== node) box.insertBefore(node, box.children[place] ?? null);
  });
  for (const node of old.values()) node.remove();
}
