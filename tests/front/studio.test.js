// The learning curve under the finger, the groups of an upload, and the frame of a crop.

import assert from "node:assert/strict";
import { test } from "node:test";
import { moved, pulled, squared } from "../../static/js/studio/crop.js";
import { lastMeasured, nearest } from "../../static/js/studio/reading.js";
import { batches } from "../../static/js/studio/upload.js";

const POINTS = [
  [0, 0.9, null],
  [10, 0.5, 0.6],
  [20, 0.4, null],
  [30, 0.3, 0.35],
];
const near = (actual, expected) =>
  actual.forEach((edge, n) => void assert.ok(Math.abs(edge - expected[n]) < 1e-9, actual));
const names = (files) => batches(files.map((name) => ({ name }))).map((group) => group.map((file) => file.name));

test("the nearest point is read, and the last validation loss at or before it", () => {
  assert.deepEqual(nearest(POINTS, 14), POINTS[1]);
  assert.deepEqual(nearest(POINTS, 999), POINTS[3]);
  assert.equal(lastMeasured(POINTS, 20), 0.6);
  assert.equal(lastMeasured(POINTS, 30), 0.35);
  assert.equal(lastMeasured(POINTS, 9), undefined);
});

test("a caption goes with its picture, a zip alone, other captions last", () => {
  assert.deepEqual(names(["a.png", "B.JPG", "b.txt", "set.zip", "old.txt"]), [
    ["set.zip"],
    ["a.png", "B.JPG", "b.txt"],
    ["old.txt"],
  ]);
  assert.deepEqual(names(["a.png", "b.png", "A.caption", "b.png.txt", "b.txt", "c.png.txt"]), [
    ["a.png", "b.png", "A.caption", "b.png.txt", "b.txt"],
    ["c.png.txt"],
  ]);
  const many = Array.from({ length: 9 }, (_, n) => `${n}.png`);
  assert.deepEqual(
    names(many).map((group) => group.length),
    [4, 4, 1],
  );
});

test("a frame stays inside the picture", () => {
  near(moved([0.2, 0.2, 0.6, 0.6], 1, -1), [0.6, 0, 1, 0.4]);
  near(pulled([0.2, 0.2, 0.6, 0.6], "se", [2, 0.5], [0.1, 0.1], 0), [0.2, 0.2, 1, 0.5]);
  near(pulled([0.2, 0.2, 0.6, 0.6], "nw", [0.9, 0.9], [0.1, 0.1], 0), [0.5, 0.5, 0.6, 0.6]);
  near(squared([0, 0, 1, 0.5], 1), [0.25, 0, 0.75, 0.5]);
});
