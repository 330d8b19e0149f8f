import assert from "node:assert/strict";
import { test } from "node:test";
import { oncePerFrame } from "../../www/dashboard/frame.js";
import { held, ledBy, MARGIN, pageOf, rowsInView, scrolledTo } from "../../www/dashboard/rows.js";

const view = (scrollTop, total = 10_000) => ({ scrollTop, height: 500, rowHeight: 50, total });

test("of ten thousand rows only those in view and a margin are drawn", () => {
  assert.deepEqual(rowsInView(view(0)), { first: 0, end: 10 + MARGIN });
  assert.deepEqual(rowsInView(view(250_000)), { first: 5_000 - MARGIN, end: 5_010 + MARGIN });
  assert.deepEqual(rowsInView(view(499_500)), { first: 9_990 - MARGIN, end: 10_000 });
});

test("a row that is half in view is drawn", () => {
  assert.deepEqual(rowsInView(view(1_025)), { first: 20 - MARGIN, end: 31 + MARGIN });
});

test("of an empty list, and of one that has shrunk below where it was scrolled to, no row is drawn that is not there", () => {
  assert.deepEqual(rowsInView(view(0, 0)), { first: 0, end: 0 });
  assert.deepEqual(rowsInView(view(250_000, 3)), { first: 2, end: 3 });
});

test("the arrow keys lead through the list and stop at its ends", () => {
  const page = pageOf(view(0));
  assert.equal(page, 9);
  const led = (key, at) => ledBy(key, at, 100, page);
  assert.equal(led("ArrowDown", -1), 0);
  assert.equal(led("ArrowUp", -1), 0);
  assert.equal(led("ArrowDown", 7), 8);
  assert.equal(led("ArrowUp", 0), 0);
  assert.equal(led("ArrowDown", 99), 99);
  assert.equal(led("PageDown", 7), 16);
  assert.equal(led("PageUp", 7), 0);
  assert.equal(led("Home", 70), 0);
  assert.equal(led("End", 7), 99);
  assert.equal(led("a", 7), null);
  assert.equal(ledBy("ArrowDown", -1, 0, page), null);
});

test("the list is scrolled just as far as a row needs to be wholly in view", () => {
  assert.equal(scrolledTo(5, view(0)), 0);
  assert.equal(scrolledTo(10, view(0)), 50);
  assert.equal(scrolledTo(5, view(300)), 250);
});

test("who reads in the middle of the list is not moved by who comes before; who is at the top sees them", () => {
  assert.equal(held(500, 50, 10, 12), 600);
  assert.equal(held(500, 50, 10, 8), 400);
  assert.equal(held(0, 50, 0, 2), 0);
});

/** A screen whose frames come when the test says so. */
function screen() {
  let waiting = [];
  return {
    requestFrame: (callback) => waiting.push(callback),
    get asked() {
      return waiting.length;
    },
    frame() {
      const due = waiting;
      waiting = [];
      for (const callback of due) callback();
    },
  };
}

test("two hundred changes in a frame are one draw", () => {
  const fake = screen();
  let drawn = 0;
  const wish = oncePerFrame(() => (drawn += 1), fake.requestFrame);
  for (let change = 0; change < 200; change += 1) wish();
  assert.deepEqual([fake.asked, drawn], [1, 0]);
  fake.frame();
  assert.equal(drawn, 1);
  fake.frame();
  assert.equal(drawn, 1, "no frame is asked for without a change");
});

test("a change that comes while it is drawn is drawn in the next frame, and so is one after a draw that failed", () => {
  const fake = screen();
  let drawn = 0;
  const wish = oncePerFrame(() => {
    drawn += 1;
    if (drawn === 1) wish();
    if (drawn === 2) throw new Error("a bad draw");
  }, fake.requestFrame);
  wish();
  fake.frame();
  assert.deepEqual([drawn, fake.asked], [1, 1]);
  assert.throws(() => fake.frame());
  wish();
  fake.frame();
  assert.equal(drawn, 3);
});
