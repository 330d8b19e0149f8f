import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanName, friendlyName, settle } from "../../www/person.js";

test("a friendly name is a mood and an animal, and any chance gives one", () => {
  assert.equal(friendlyName(() => 0), "Amber Badger");
  assert.equal(friendlyName(() => 0.999999), "Warm Wren");
});

test("a typed name loses what could not be shown and is cut to what fits", () => {
  const rows = [["  Ann \n Lee ", "Ann Lee"], ["a\u0000b", "a b"], ["x".repeat(99), "x".repeat(32)], ["🦊".repeat(40), "🦊".repeat(32)], [null, ""], ["   ", ""]];
  for (const [typed, expected] of rows) assert.equal(cleanName(typed), expected);
});

test("the address wins over what the browser remembers, and chance comes last", () => {
  const first = () => 0;
  assert.deepEqual(settle("?as=Zed", "Ann", first), { name: "Zed", kept: "address" });
  assert.deepEqual(settle("?as=random", "Ann", first), { name: "Amber Badger", kept: "address" });
  assert.deepEqual(settle("?channel=x", "Ann", first), { name: "Ann", kept: "browser" });
  assert.deepEqual(settle("?as=", null, first), { name: "Amber Badger", kept: "browser" });
});
