// The line under the heart: every beat a spike, every missed one a gap, shaded where the page was hidden.

/** Two minutes at five units a second. On a narrow page the older end is cut off, never squeezed. */
export const WIDTH = 600;
const PER_SECOND = 5;
const BASE = 38;
const REACH_MS = (WIDTH / PER_SECOND) * 1_000;

/** One beat as offsets from where it happened: a small lift, a dip, the spike, the way back. */
const SPIKE = [[-8, 0], [-6, -4], [-4, 0], [-2, 4], [1, -30], [4, 9], [6, 0]];

/**
 * The path of the line at `now`, newest at the right end. `beats` are `{at, ok}` in order, `since` is when the
 * line began. A beat without an answer interrupts the line.
 */
export function line(beats, since, now) {
  const x = (at) => WIDTH - ((now - at) / 1_000) * PER_SECOND;
  let from = Math.max(0, x(since));
  let path = `M${round(from)} ${BASE}`;
  for (const beat of beats) {
    const middle = x(beat.at);
    if (middle < 0) continue;
    if (!beat.ok) {
      path += `H${round(Math.max(from, middle - 5))}`;
      from = Math.max(from, middle + 5);
      path += `M${round(from)} ${BASE}`;
      continue;
    }
    for (const [right, down] of SPIKE) {
      // Two quick beats overlap; the line may stand still then but never run backwards.
      from = Math.min(WIDTH, Math.max(from, middle + right));
      path += `L${round(from)} ${BASE + down}`;
    }
  }
  return `${path}H${WIDTH}`;
}

/** The hidden stretches at `now`, as `{x, width}`. A stretch without `to` is still going on. */
export function shades(stretches, now) {
  const x = (at) => Math.max(0, WIDTH - ((now - at) / 1_000) * PER_SECOND);
  return stretches
    .map(({ from, to }) => ({ x: round(x(from)), width: round(x(to ?? now) - x(from)) }))
    .filter(({ width }) => width > 0);
}

/** The line in words, for those who cannot see it. */
export function caption(beats, now) {
  const recent = beats.filter((beat) => now - beat.at < REACH_MS);
  const missed = recent.filter((beat) => !beat.ok).length;
  const answered = recent.length - missed;
  return `Beats of the last two minutes: ${answered} answered, ${missed} without an answer`;
}

/** The drawing. Moves on with each tick, and keeps only what is still in the picture. */
export class Trace {
  #path;
  #shades;
  #svg;
  #since = performance.now();
  #beats = [];
  #hidden = [];

  constructor(svg) {
    this.#svg = svg;
    this.#path = svg.querySelector("path");
    this.#shades = svg.querySelector("g");
    document.addEventListener("visibilitychange", () => this.#turn());
    this.#turn();
  }

  beat(ok) {
    this.#beats.push({ at: performance.now(), ok });
  }

  draw() {
    const now = performance.now();
    this.#beats = this.#beats.filter((beat) => now - beat.at < REACH_MS);
    this.#hidden = this.#hidden.filter(({ to }) => now - (to ?? now) < REACH_MS);
    this.#path.setAttribute("d", line(this.#beats, this.#since, now));
    const words = caption(this.#beats, now);
    if (this.#svg.getAttribute("aria-label") !== words) this.#svg.setAttribute("aria-label", words);
    this.#shade(shades(this.#hidden, now));
  }

  #shade(wanted) {
    while (this.#shades.childElementCount > wanted.length) this.#shades.lastElementChild.remove();
    wanted.forEach(({ x, width }, place) => {
      let rect = this.#shades.children[place];
      if (!rect) {
        rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        rect.setAttribute("height", "100%");
        this.#shades.append(rect);
      }
      rect.setAttribute("x", x);
      rect.setAttribute("width", width);
    });
  }

  #turn() {
    const last = this.#hidden.at(-1);
    const isOpen = last && last.to === null;
    if (document.visibilityState === "hidden" && !isOpen) this.#hidden.push({ from: performance.now(), to: null });
    if (document.visibilityState === "visible" && isOpen) last.to = performance.now();
  }
}

function round(number) {
  return Math.round(number * 10) / 10;
}
