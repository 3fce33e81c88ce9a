// The editor's numbers: where the picture lies, the way back in bounded memory, softened edges, sides that grow.

import assert from "node:assert/strict";
import { test } from "node:test";
import { combined, inverted, softened } from "../../static/js/editor/edges.js";
import { frameOf, whole } from "../../static/js/editor/grow.js";
import { historyOf } from "../../static/js/editor/history.js";
import { boxAround, fitted, joined, pinched, toPicture, toScreen, zoomed } from "../../static/js/editor/view.js";

function near(one, other) {
  for (const [n, value] of one.entries()) assert.ok(Math.abs(value - other[n]) < 1e-9, `${one} ${other}`);
}

test("the whole frame is seen in the middle of the window", () => {
  const view = fitted({ left: -64, top: 0, width: 192, height: 128 }, [424, 456], 20);
  assert.equal(view.scale, 2);
  near(toScreen(view, [-64, 0]), [20, 100]);
  near(toScreen(view, [128, 128]), [404, 356]);
});

test("what lies under the pointer stays there while one zooms", () => {
  const view = { scale: 2, x: 10, y: -30 };
  const after = zoomed(view, 1.7, [123, 45]);
  near(toPicture(after, [123, 45]), toPicture(view, [123, 45]));
  assert.equal(zoomed(view, 1000, [0, 0]).scale, 16);
});

test("what lies under two fingers stays under them", () => {
  const view = { scale: 1, x: 0, y: 0 };
  const [before, after] = [
    [
      [100, 100],
      [200, 100],
    ],
    [
      [50, 140],
      [250, 140],
    ],
  ];
  const pinch = pinched(view, before, after);
  assert.equal(pinch.scale, 2);
  near(toScreen(pinch, [100, 100]), [50, 140]);
  near(toScreen(pinch, [200, 100]), [250, 140]);
});

test("a stroke touches whole pixels inside of the picture", () => {
  assert.deepEqual(boxAround([[5.5, 5.5]], 3, [64, 64]), { x: 2, y: 2, width: 7, height: 7 });
  assert.deepEqual(boxAround([[-1, 63]], 3, [64, 64]), { x: 0, y: 60, width: 2, height: 4 });
  assert.equal(boxAround([[-9, 5]], 3, [64, 64]), null);
  assert.deepEqual(joined({ x: 0, y: 0, width: 1, height: 1 }, { x: 4, y: 2, width: 2, height: 2 }), {
    x: 0,
    y: 0,
    width: 6,
    height: 4,
  });
});

test("changes are taken back and done again", () => {
  const canvas = new Uint8Array([0, 0]);
  const swap = ({ box, alpha }) => {
    const inverse = { box, alpha: Uint8Array.of(canvas[box.x]) };
    canvas[box.x] = alpha[0];
    return inverse;
  };
  const history = historyOf();
  canvas[0] = 9;
  history.push({ box: { x: 0 }, alpha: Uint8Array.of(0) });
  canvas[1] = 7;
  history.push({ box: { x: 1 }, alpha: Uint8Array.of(0) });
  assert.deepEqual(history.undo(swap), { x: 1 });
  assert.deepEqual([...canvas], [9, 0]);
  history.undo(swap);
  assert.deepEqual([...canvas], [0, 0]);
  assert.equal(history.undo(swap), null);
  history.redo(swap);
  assert.deepEqual([...canvas], [9, 0]);
  history.push({ box: { x: 1 }, alpha: Uint8Array.of(0) });
  assert.equal(history.canRedo, false);
  assert.equal(history.bytes, 2);
});

test("the way back never takes more than its bytes, and always has a step", () => {
  const history = historyOf(100);
  for (let n = 0; n < 50; n++) history.push({ box: { n }, alpha: new Uint8Array(30) });
  assert.equal(history.bytes, 90);
  history.push({ box: {}, alpha: new Uint8Array(500) });
  assert.equal(history.bytes, 500);
  assert.equal(history.canUndo, true);
});

test("a softened edge falls evenly, and its middle stays where it was", () => {
  const [width, height] = [64, 8];
  const alpha = new Uint8ClampedArray(width * height).map((_, n) => (n % width < 32 ? 255 : 0));
  const soft = softened(alpha, width, height, 9);
  const row = soft.subarray(3 * width, 4 * width);
  assert.equal(row[0], 255);
  assert.equal(row[63], 0);
  assert.ok(row.every((value, n) => n === 0 || value <= row[n - 1]));
  assert.ok(Math.abs(row[31] + row[32] - 255) < 4);
  assert.ok(row[26] < 255 && row[37] > 0);
});

test("masks are inverted, joined and taken away", () => {
  assert.deepEqual([...inverted(Uint8ClampedArray.of(0, 255, 100))], [255, 0, 155]);
  assert.deepEqual([...combined(Uint8ClampedArray.of(0, 200), Uint8ClampedArray.of(255, 100), false)], [255, 200]);
  assert.deepEqual([...combined(Uint8ClampedArray.of(0, 200), Uint8ClampedArray.of(255, 100), true)], [0, 155]);
});

test("sides grow outwards in steps of eight", () => {
  assert.deepEqual(frameOf([128, 64], [8, 0, 16, 24]), { left: -8, top: 0, width: 152, height: 88 });
  assert.deepEqual([whole(-3), whole(11), whole(12), whole(5000)], [0, 8, 16, 1024]);
});
