// Marks of a text move with what is typed before the server has looked again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { moved } from "../../static/js/create/paint.js";

const mark = (start, end, kind = "w-1") => ({ start, end, kind });

test("marks behind the change move, those before it stay", () => {
  const marks = [mark(0, 3), mark(8, 12)];
  assert.deepEqual(moved(marks, "red and blue", "red or blue"), [mark(0, 3), mark(7, 11)]);
  assert.equal(moved(marks, "same", "same"), marks);
});

test("typing inside a weighted stretch widens it, and drops a mark of something wrong", () => {
  assert.deepEqual(moved([mark(0, 8)], "a red cat", "a reed cat"), [mark(0, 9)]);
  assert.deepEqual(moved([mark(0, 8, "bad")], "a red cat", "a reed cat"), []);
});
