// How the page stands with the server, in the head of every demo.

import { asSentence, countdown } from "../../format.js";
import { field, text } from "../../markup.js";

/** Shows the state of a watch in `#line`. */
export function showLine(watch) {
  const line = document.getElementById("line");
  const tell = ({ phase, inMs, message }) => {
    line.dataset.state = phase;
    text(field(line, "phase"), phase);
    text(field(line, "more"), message ? asSentence(message) : inMs ? `in ${countdown(inMs)}` : "");
    field(line, "again").hidden = phase !== "reconnecting" && phase !== "refused";
  };
  tell(watch.state);
  watch.on("state", tell);
  // What is refused is told by the state, and the console need not say it again.
  watch.on("error", () => {});
  field(line, "again").addEventListener("click", () => watch.reconnect());
}
