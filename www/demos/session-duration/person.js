// One more tab of whoever came through the gate: it reads a page, and beats by the gate's cookie.

import { show } from "../kit/tab.js";
import { actor, showHeart } from "../kit/person.js";
import { field, text } from "../../markup.js";
import { read } from "./reading.js";
import { READER, visitIn } from "./cast.js";

actor([READER]);
const page = document.getElementById("page");
const state = field(document, "state");

if (visitIn(document.cookie)) {
  const heart = await read(page.value);
  showHeart(heart);
  heart.on("status", ({ status }) => {
    state.dataset.status = status;
    text(state, status);
  });
  page.addEventListener("change", () => {
    heart.setPage(page.value);
    show({ page: page.value });
  });
} else {
  const fault = field(document, "fault");
  fault.hidden = false;
  text(fault, "Nobody has come through the gate with this browser. Say an address there, and open this tab again.");
  text(field(document, "next"), "No heart without a visitor.");
  page.disabled = true;
}
