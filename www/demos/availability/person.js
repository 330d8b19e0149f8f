// A therapist's tab: logged in, it has a heart; logged out, it has none.

import { show } from "../kit/tab.js";
import { actor, showHeart } from "../kit/person.js";
import { complain } from "../kit/toast.js";
import { field, text } from "../../markup.js";
import { beReachable } from "./reach.js";
import { THERAPISTS, tokenOf } from "./cast.js";

const person = actor(THERAPISTS);
const state = field(document, "state");
const [login, logout] = ["login", "logout"].map((act) => document.querySelector(`[data-act=${act}]`));
let heart = null;
let hideHeart = () => {};

function tell() {
  const isIn = Boolean(heart?.isRunning);
  state.dataset.status = isIn ? "online" : "offline";
  text(state, isIn ? "logged in" : "logged out");
  login.disabled = isIn;
  logout.disabled = !isIn;
  show({ running: String(isIn) });
}

async function begin() {
  login.disabled = true;
  heart = await beReachable(tokenOf(person));
  hideHeart = showHeart(heart);
  tell();
}

login.addEventListener("click", () => begin().catch(complain));
logout.addEventListener("click", () => {
  heart.signOut();
  hideHeart();
  tell();
});

await begin();
