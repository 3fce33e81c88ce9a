// Values of a lab's axis are read as the server reads them, and written so that it reads the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readValues, writeValues } from "../../static/js/lab/values.js";

test("commas part values, quotes hold them together", () => {
  assert.deepEqual(readValues(" Euler,DPM++ 2M ,, "), ["Euler", "DPM++ 2M"]);
  assert.deepEqual(readValues('"red, green", say ""'), ["red, green", 'say ""']);
  assert.deepEqual(readValues(""), []);
});

test("what is written is read back", () => {
  const values = ["plain", "with, comma", 'with "quotes", and more'];
  assert.deepEqual(readValues(writeValues(values)), values);
});
