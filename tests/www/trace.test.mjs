import assert from "node:assert/strict";
import { test } from "node:test";
import { caption, line, shades, WIDTH } from "../../www/trace.js";

/** The x of every point of a path, in drawing order. */
const across = (path) => [...path.matchAll(/[MLH](-?[\d.]+)/g)].map(([, x]) => Number(x));

test("the line runs from where it began to the right end", () => {
  assert.equal(line([], 0, 20_000), `M500 38H${WIDTH}`);
  assert.equal(line([], 0, 900_000), `M0 38H${WIDTH}`);
});

test("the line never runs backwards, however quickly beats follow", () => {
  const beats = [0, 200, 300, 5_000, 9_900].map((at) => ({ at, ok: at !== 300 }));
  const xs = across(line(beats, 0, 10_000));
  xs.slice(1).forEach((x, place) => assert.ok(x >= xs[place], `${x} after ${xs[place]}`));
  assert.equal(xs.at(-1), WIDTH);
});

test("an answered beat is a spike, a missed one a gap", () => {
  assert.match(line([{ at: 10_000, ok: true }], 0, 20_000), /L551 8/);
  assert.match(line([{ at: 10_000, ok: false }], 0, 20_000), /H545M555 38/);
});

test("a hidden stretch is shaded, to the right end while it lasts", () => {
  assert.deepEqual(shades([{ from: 0, to: 10_000 }, { from: 15_000, to: null }], 20_000), [{ x: 500, width: 50 }, { x: 575, width: 25 }]);
  assert.deepEqual(shades([{ from: 0, to: 1_000 }], 900_000), []);
});

test("the caption counts the beats that are in the picture", () => {
  const beats = [{ at: 0, ok: true }, { at: 100_000, ok: true }, { at: 110_000, ok: false }];
  assert.equal(caption(beats, 130_000), "Beats of the last two minutes: 1 answered, 1 without an answer");
});
