// @ts-check
// What a page of the documentation gains from scripts: its code can be copied, and its headings can be linked to.

for (const heading of document.querySelectorAll("article :is(h2, h3)[id]")) addLink(heading);
for (const code of document.querySelectorAll("article pre")) addCopy(code);

/** A link to the heading itself. @param {Element} heading */
export function addLink(heading) {
  const link = document.createElement("a");
  link.className = "to-here";
  link.href = `#${heading.id}`;
  link.textContent = "#";
  link.setAttribute("aria-label", `Link to “${heading.textContent}”`);
  heading.append(link);
}

/** A button that copies the code; there is none where the browser keeps scripts from its clipboard. @param {Element} code */
export function addCopy(code) {
  if (!navigator.clipboard) return;
  const box = document.createElement("div");
  const button = document.createElement("button");
  box.className = "copying";
  button.className = "quiet";
  button.type = "button";
  button.setAttribute("aria-live", "polite");
  const what = (code.getAttribute("aria-label") ?? "").replace(/^Code: /, "");
  const say = (/** @type {string} */ words) => button.replaceChildren(words, hidden(` ${what}`));
  say("Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
      say("Copied");
    } catch {
      say("Select it and copy by hand:");
    }
  });
  // Whoever comes back to it may copy again.
  button.addEventListener("blur", () => say("Copy"));
  code.replaceWith(box);
  box.append(code, button);
}

/** @param {string} words */
function hidden(words) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = words;
  return span;
}
