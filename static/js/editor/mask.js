// The mask of a picture, painted in the picture's own pixels: white where it is drawn anew, clear where it is kept.

import { combined, inverted, softened } from "./edges.js";
import { historyOf } from "./history.js";
import { boxAround, joined } from "./view.js";

function blank(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  // It is read after each stroke, so it stays in the memory that can be read.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return { canvas, context };
}

/** One byte a pixel: that of the four which stands `shift` bits high. */
function bytesOf(context, { x, y, width, height }, shift) {
  const words = new Uint32Array(context.getImageData(x, y, width, height).data.buffer);
  const bytes = new Uint8ClampedArray(words.length);
  for (let n = 0; n < words.length; n++) bytes[n] = (words[n] >>> shift) & 255;
  return bytes;
}

const ALPHA = 24;
const RED = 0;

export function maskOf(width, height) {
  const { canvas, context } = blank(width, height);
  const before = blank(width, height);
  const whole = { x: 0, y: 0, width, height };
  const history = historyOf();
  let changed = null;
  context.fillStyle = context.strokeStyle = "#fff";
  context.lineCap = context.lineJoin = "round";

  const alphaIn = (from, box) => bytesOf(from.context, box, ALPHA);

  function put({ x, y, width: across, height: down }, alpha) {
    const pixels = new ImageData(across, down);
    const words = new Uint32Array(pixels.data.buffer);
    for (let n = 0; n < alpha.length; n++) words[n] = ((alpha[n] << 24) | 0xffffff) >>> 0;
    context.putImageData(pixels, x, y);
  }

  function swap({ box, alpha }) {
    const inverse = { box, alpha: alphaIn({ context }, box) };
    put(box, alpha);
    copyTo(before, box);
    return inverse;
  }

  function copyTo(other, { x, y, width: across, height: down }) {
    other.context.clearRect(x, y, across, down);
    other.context.drawImage(canvas, x, y, across, down, x, y, across, down);
  }

  function paint(points, reach, takingAway, draw) {
    context.globalCompositeOperation = takingAway ? "destination-out" : "source-over";
    draw();
    const box = boxAround(points, reach, [width, height]);
    changed = joined(changed, box);
    return box;
  }

  /** All of it becomes `alpha`, as one change. */
  function become(alpha) {
    put(whole, alpha);
    changed = whole;
    return end();
  }

  /** What was painted since the last call becomes one change that can be taken back; its box, or null for none. */
  function end() {
    const box = changed;
    changed = null;
    if (!box) return null;
    history.push({ box, alpha: alphaIn(before, box) });
    copyTo(before, box);
    return box;
  }

  return {
    canvas,
    size: [width, height],
    history,
    end,
    /** A stroke from one point to the next, `radius` thick; the box it touches, or null. */
    line(from, to, radius, takingAway) {
      return paint([from, to], radius + 2, takingAway, () => {
        context.lineWidth = 2 * radius;
        context.beginPath();
        context.moveTo(...from);
        // A line of no length is drawn by no browser; a tap is to leave a dot.
        context.lineTo(to[0] + (from[0] === to[0] && from[1] === to[1] ? 0.01 : 0), to[1]);
        context.stroke();
      });
    },
    area(points, takingAway) {
      return paint(points, 2, takingAway, () => {
        context.beginPath();
        for (const point of points) context.lineTo(...point);
        context.fill();
      });
    },
    /** Forget what was painted since the last change: a stroke became a pinch. */
    drop() {
      const box = changed;
      changed = null;
      if (box) put(box, alphaIn(before, box));
      return box;
    },
    undo: () => history.undo(swap),
    redo: () => history.redo(swap),
    clear: () => become(new Uint8ClampedArray(width * height)),
    invert: () => become(inverted(alphaIn({ context }, whole))),
    soften: (radius) => become(softened(alphaIn({ context }, whole), width, height, radius)),
    /** Another mask, a picture whose light places are selected, joined to this or taken out of it. */
    combine(picture, takingAway) {
      const other = blank(width, height);
      other.context.drawImage(picture, 0, 0, width, height);
      return become(combined(alphaIn({ context }, whole), bytesOf(other.context, whole, RED), takingAway));
    },
    isEmpty: () => !alphaIn({ context }, whole).some((value) => value > 0),
    /** As the server takes it: white where it is drawn, on black. */
    file() {
      const flat = blank(width, height);
      flat.context.fillRect(0, 0, width, height);
      flat.context.drawImage(canvas, 0, 0);
      return new Promise((done) => flat.canvas.toBlob(done, "image/png"));
    },
  };
}
