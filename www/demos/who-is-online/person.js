// A colleague's tab: a heart, and somebody who works by themselves until they are sent for a rest.

import "../kit/tab.js";
import { actor, showHeart } from "../kit/person.js";
import { field, text } from "../../markup.js";
import { beOnline } from "./online.js";
import { COLLEAGUES, tokenOf } from "./cast.js";

/** Often enough to be at work all the time. */
const WORK_MS = 1_000;

const person = actor(COLLEAGUES);
const heart = await beOnline(tokenOf(person));
const rest = document.querySelector("[data-act=rest]");
let isResting = false;

showHeart(heart);

function show() {
  text(rest, isResting ? "Go on working" : "Take a rest");
  text(field(document, "doing"), isResting ? "resting" : "working");
}

rest.addEventListener("click", () => {
  isResting = !isResting;
  show();
});
show();

// What a film or a game pad does, which raise no event either: it counts as input. Not while nobody looks.
setInterval(() => {
  if (!isResting && !document.hidden) heart.markActive();
}, WORK_MS);
