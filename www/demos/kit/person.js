// What the small page of a person has in every demo: who it is, and how their heart is.

import { countdown, hue } from "../../format.js";
import { field, text } from "../../markup.js";
import { letters } from "./element.js";
import { show } from "./tab.js";

/** A countdown in whole seconds needs no finer one. */
const TICK_MS = 500;

/** Who this page is for: whoever its address names, or the first of the cast. Shows them at the head of the page. */
export function actor(cast) {
  const asked = new URLSearchParams(location.search).get("as");
  const person = cast.find(({ user }) => user === asked) ?? cast[0];
  document.title = `${person.name} · stillhere`;
  document.body.style.setProperty("--hue", hue(person.user));
  text(field(document, "initials"), letters(person.name));
  text(field(document, "name"), person.name);
  // A frame has the stage around it; a tab needs a way back.
  field(document, "back").hidden = Boolean(frameElement);
  return person;
}

const WHYS = {
  hidden: "hidden: silent until seen",
  idle: "idle: silent until touched",
  retry: "trying again",
  paused: "hidden: silent until seen",
  refused: "the server wants no more beats from this tab",
  stopped: "stopped",
};

/** Shows a heart from now on: when it beats next, and what keeps it from beating. Gives the function that ends it. */
export function showHeart(heart) {
  const next = field(document, "next");
  const fault = field(document, "fault");
  const tick = () => {
    const { inMs, why } = heart.next ?? { inMs: Infinity, why: "stopped" };
    text(next, Number.isFinite(inMs) ? `next beat in ${countdown(inMs)}` : (WHYS[why] ?? "waiting"));
  };
  const timer = setInterval(tick, TICK_MS);
  const ears = [
    heart.on("wait", tick),
    heart.on("beat", ({ ok, state }) => {
      if (!ok) return;
      fault.hidden = true;
      show({ ready: "true", state, fault: "" });
    }),
    heart.on("error", ({ message }) => {
      fault.hidden = false;
      text(fault, message);
      show({ fault: message });
    }),
  ];
  tick();
  return () => {
    clearInterval(timer);
    for (const end of ears) end();
    tick();
  };
}
