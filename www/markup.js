// What every card does to the document.

/** Sets a text only when it differs: an unchanged label costs no layout and is not read out again. */
export function text(node, value) {
  const wanted = String(value);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** A copy of the one element inside `<template id="…">`. */
export function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** The descendant that carries `data-field="…"`. */
export function field(node, name) {
  return node.querySelector(`[data-field="${name}"]`);
}

/** One child for each item, in their order: those that are there are filled anew, and the ones too many taken out. */
export function lineUp(box, items, make, fill) {
  items.forEach((item, at) => fill(box.children[at] ?? box.appendChild(make()), item, at));
  while (box.children.length > items.length) box.lastElementChild.remove();
}

/** An empty element of this name. */
export const empty = (name) => () => document.createElement(name);

/** Lets the keyboard into a box that scrolls, and keeps it out of one that does not. */
export function reachable(box) {
  if (box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

/** Whether the visitor asked their system for less motion. Asked each time, since it can change while we run. */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
