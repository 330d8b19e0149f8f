// An employee's tab: a heart that keeps them in, two buttons, and what the clock says of them.

import { show } from "../kit/tab.js";
import { actor, showHeart } from "../kit/person.js";
import { ask } from "../kit/token.js";
import { complain, toast } from "../kit/toast.js";
import { field, text } from "../../markup.js";
import { beat, follow, punch } from "./clock.js";
import { EMPLOYEES, SYSTEM, tokenOf } from "./cast.js";

const person = actor(EMPLOYEES);
const token = tokenOf(person);
const state = field(document, "state");
const buttons = [...document.querySelectorAll("[data-act]")];

/** How it stands after each row of the log. */
const AFTER = { IN: "in", OUT: "out", AUTO_OUT: "punched out" };

function stand(word) {
  state.dataset.status = word;
  text(state, word);
  show({ stand: word });
  for (const button of buttons) button.disabled = (button.dataset.act === "IN") === (word === "in");
}

async function press({ currentTarget: button }) {
  const { act } = button.dataset;
  button.disabled = true;
  const answer = await punch(act, token).catch(() => null);
  if (answer?.ok) return stand(AFTER[act]);
  button.disabled = false;
  const { error } = (await answer?.json().catch(() => null)) ?? {};
  complain(error?.message ?? "The clock does not answer, so nothing was punched. Try again in a moment.");
}

for (const button of buttons) button.addEventListener("click", press);

follow(person.user, token, ({ kind }) => {
  if (AFTER[kind]) stand(AFTER[kind]);
  if (kind === "AUTO_OUT") toast("The clock has punched you out: no tab of yours was heard any more.");
});

showHeart(await beat(token));
const { isIn } = await ask(`/${SYSTEM}/v1/users/${person.user}`, token);
stand(isIn ? "in" : "out");
