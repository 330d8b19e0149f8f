// Who this browser is: a friendly name, kept in localStorage, or one that a single tab wears by `?as=`.

const KEY = "stillhere.person";

/** A name has to fit on a phone beside its status, and into a beat of 512 bytes. */
const LONGEST = 32;

const MOODS = [
  "Amber", "Brisk", "Calm", "Clever", "Cosy", "Dapper", "Eager", "Gentle", "Golden", "Hazel", "Humble", "Jolly",
  "Keen", "Lively", "Mellow", "Merry", "Misty", "Noble", "Patient", "Quiet", "Rosy", "Sunny", "Tidy", "Warm",
];
const ANIMALS = [
  "Badger", "Bee", "Crane", "Dormouse", "Ermine", "Finch", "Fox", "Hare", "Hedgehog", "Heron", "Ibex", "Jackdaw",
  "Kestrel", "Lark", "Lynx", "Marten", "Newt", "Otter", "Owl", "Plover", "Robin", "Stoat", "Swift", "Wren",
];

/** A name by chance. `random` gives numbers from 0 up to 1, as Math.random does. */
export function friendlyName(random = Math.random) {
  const pick = (words) => words[Math.floor(random() * words.length)];
  return `${pick(MOODS)} ${pick(ANIMALS)}`;
}

/** What was typed, as a name; empty when nothing usable is left. */
export function cleanName(typed) {
  const tidy = (typed ?? "").replace(/[\p{C}\s]+/gu, " ").trim();
  return Array.from(tidy).slice(0, LONGEST).join("").trim();
}

/**
 * Decides who a tab is from its address and what the browser remembers.
 * `?as=random` is settled at once and written back to the address, so that a reload is the same person.
 */
export function settle(search, remembered, random = Math.random) {
  const asked = cleanName(new URLSearchParams(search).get("as"));
  if (asked === "random") return { name: friendlyName(random), kept: "address" };
  if (asked) return { name: asked, kept: "address" };
  return { name: cleanName(remembered) || friendlyName(random), kept: "browser" };
}

/** This tab's person, with the form to change the name. Says `onChange(name)` after each change. */
export class Person {
  #kept;

  constructor(root, { onChange }) {
    const { name, kept } = settle(location.search, recall());
    this.name = name;
    this.#kept = kept;
    this.#keep();
    this.#listen(root, onChange);
  }

  /** The address of this page as somebody else, same channel and interval. */
  static elsewhere() {
    const params = new URLSearchParams(location.search);
    params.set("as", "random");
    return `?${params}`;
  }

  #keep() {
    if (this.#kept === "address") {
      const params = new URLSearchParams(location.search);
      params.set("as", this.name);
      history.replaceState(history.state, "", `?${params}${location.hash}`);
      return;
    }
    try {
      localStorage.setItem(KEY, this.name);
    } catch {
      // Storage can be switched off; then the name lasts as long as the page.
    }
  }

  #listen(root, onChange) {
    const label = root.querySelector("[data-field=name]");
    const form = root.querySelector("form");
    const input = form.elements.namedItem("name");
    const open = root.querySelector("[data-act=rename]");
    const shown = root.querySelector("[data-field=person]");
    const close = () => {
      form.hidden = true;
      shown.hidden = false;
      open.focus();
    };

    label.textContent = this.name;
    input.maxLength = LONGEST;
    open.addEventListener("click", () => {
      input.value = this.name;
      form.hidden = false;
      shown.hidden = true;
      input.select();
    });
    root.querySelector("[data-act=keep-name]").addEventListener("click", close);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = cleanName(input.value);
      if (name && name !== this.name) {
        this.name = name;
        label.textContent = name;
        this.#keep();
        onChange(name);
      }
      close();
    });
  }
}

function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
