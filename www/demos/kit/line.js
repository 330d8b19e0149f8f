// How the page stands with the server, in the head of every demo.

import { asSentence, countdown } from "../../format.js";
import { field, text } from "../../markup.js";
import { element } from "./element.js";

const LOST = "The server does not answer. What you see was so when it last did; this page and its tabs try again by themselves.";

/** Shows the state of a watch in `#line`. */
export function showLine(watch) {
  const line = document.getElementById("line");
  // There before its words, as a screen reader reads what changes; and empty, it takes no place.
  const lost = element("p", { class: "notice", role: "status", "data-testid": "lost" });
  document.querySelector("main").prepend(lost);
  const tell = ({ phase, inMs, message }) => {
    line.dataset.state = phase;
    text(field(line, "phase"), phase);
    text(field(line, "more"), message ? asSentence(message) : inMs ? `in ${countdown(inMs)}` : "");
    text(lost, phase === "reconnecting" ? LOST : "");
    field(line, "again").hidden = phase !== "reconnecting" && phase !== "refused";
  };
  tell(watch.state);
  watch.on("state", tell);
  // What is refused is told by the state, and the console need not say it again.
  watch.on("error", () => {});
  field(line, "again").addEventListener("click", () => watch.reconnect());
}
