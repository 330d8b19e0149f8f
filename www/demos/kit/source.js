// The boxes with the lines that a developer would write: the page's own files, so they are what really runs.

import { text } from "../../markup.js";
import { asCode } from "./code.js";

for (const box of document.querySelectorAll("[data-source]")) show(box);

async function show(box) {
  const code = box.querySelector("code");
  try {
    const answer = await fetch(box.dataset.source);
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    text(code, asCode(await answer.text()));
  } catch {
    text(code, `The file ${box.dataset.source} could not be read: reload the page to try again.`);
  }
}
