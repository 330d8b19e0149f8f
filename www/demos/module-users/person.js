// A user's tab: it is in a module, on one of its pages, and moves.

import { show } from "../kit/tab.js";
import { element } from "../kit/element.js";
import { actor, showHeart } from "../kit/person.js";
import { work } from "./modules.js";
import { MODULES, PAGES, USERS, tokenOf } from "./cast.js";

/** No module of that name is on the server's list. */
const UNKNOWN = { secret: "one that does not exist" };

const person = actor(USERS);
const [module, page] = ["module", "page"].map((id) => document.getElementById(id));

function fill(select, choices, chosen) {
  for (const [value, words] of Object.entries(choices)) select.append(element("option", { value }, words));
  select.value = chosen;
}

fill(module, { ...MODULES, ...UNKNOWN }, person.module);
fill(page, PAGES, person.page);

const heart = await work(tokenOf(person), module.value, page.value);
showHeart(heart);

const tell = () => show({ module: module.value, page: page.value });
module.addEventListener("change", () => {
  heart.setChannel(module.value);
  tell();
});
page.addEventListener("change", () => {
  heart.setPage(page.value);
  tell();
});
tell();
