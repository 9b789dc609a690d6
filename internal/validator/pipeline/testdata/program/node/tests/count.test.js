import assert from "node:assert";
import { test } from "node:test";
import { lines } from "../src/count.js";

test("counts lines", () => {
  assert.equal(lines("a\nb\n"), 2);
  assert.equal(lines(""), 0);
});
