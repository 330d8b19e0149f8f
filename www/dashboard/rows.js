// @ts-check
// Which rows of a long list are to be seen, and where the keyboard leads. Pure arithmetic, in rows and pixels.

/** Rows above and below the ones in view that are drawn too: a turn of the wheel then shows no gap. */
export const MARGIN = 6;

/** What is looked at. @typedef {{ scrollTop: number, height: number, rowHeight: number, total: number }} View */

/** The first row to draw, and the one after the last. @type {(view: View) => { first: number, end: number }} */
export function rowsInView({ scrollTop, height, rowHeight, total }) {
  const first = Math.floor(scrollTop / rowHeight) - MARGIN;
  const end = Math.ceil((scrollTop + height) / rowHeight) + MARGIN;
  return { first: clamp(first, 0, Math.max(0, total - 1)), end: clamp(end, 0, total) };
}

/** Rows that fit at once, less one: whoever turns a page sees where they were. @type {(view: View) => number} */
export function pageOf({ height, rowHeight }) {
  return Math.max(1, Math.floor(height / rowHeight) - 1);
}

/**
 * Where a key leads from a row (-1: from none); null: nowhere, it is somebody else's key.
 *
 * @type {(key: string, at: number, total: number, page: number) => number | null}
 */
export function ledBy(key, at, total, page) {
  /** @type {Record<string, number>} */
  const places = {
    ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: Math.max(at, 0) + page, PageUp: at - page, Home: 0, End: total - 1,
  };
  const to = places[key];
  if (to === undefined || total === 0) return null;
  return clamp(to, 0, total - 1);
}

/** How far to scroll so that a row is wholly in view; as it is when it is. @type {(at: number, view: View) => number} */
export function scrolledTo(at, { scrollTop, height, rowHeight }) {
  const [top, bottom] = [at * rowHeight, (at + 1) * rowHeight];
  if (top < scrollTop) return top;
  if (bottom > scrollTop + height) return bottom - height;
  return scrollTop;
}

/**
 * How far to scroll so that the row at the top stays where it is when others come and go before it. At the very top
 * nothing is held: whoever is there wants to see who comes.
 *
 * @type {(scrollTop: number, rowHeight: number, was: number, is: number) => number}
 */
export function held(scrollTop, rowHeight, was, is) {
  return scrollTop <= 0 ? scrollTop : Math.max(0, scrollTop + (is - was) * rowHeight);
}

/** @type {(number: number, least: number, most: number) => number} */
function clamp(number, least, most) {
  return Math.min(Math.max(number, least), most);
}
