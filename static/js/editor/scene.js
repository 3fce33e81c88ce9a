// What is seen in the editor: the picture, above it the mask as stripes, above that the marks of the tool in hand.
// Each lies on a canvas of its own, and of the mask only what has changed is drawn again.

import { toScreen } from "./view.js";

const STRIPE = 6;
const MOST_DENSITY = 2;

export function sceneIn(ground) {
  const [picture, mask, marks] = ["picture", "mask", "marks"].map((name) => {
    const canvas = ground.querySelector(`[data-layer="${name}"]`);
    return { canvas, context: canvas.getContext("2d", { willReadFrequently: true }) };
  });
  const layers = [picture, mask, marks];
  const colour = (name) => getComputedStyle(ground).getPropertyValue(name).trim();
  let density = 1;
  let stripes = null;
  let colours = {};

  /** The window's size in CSS pixels, which is every layer's from now on. */
  function measure() {
    const size = [Math.max(1, ground.clientWidth), Math.max(1, ground.clientHeight)];
    density = Math.min(MOST_DENSITY, devicePixelRatio || 1);
    colours = { yolk: colour("--yolk"), dark: colour("--over-picture"), line: colour("--line-strong") };
    for (const { canvas } of layers) {
      canvas.width = Math.round(size[0] * density);
      canvas.height = Math.round(size[1] * density);
    }
    stripes = mask.context.createPattern(stripesOf(colours, Math.round(STRIPE * density)), "repeat");
    return size;
  }

  function drawPicture(view, image, frame, [width, height]) {
    const { context, canvas } = picture;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(density, density);
    const [left, top] = toScreen(view, [frame.left, frame.top]);
    if (frame.width !== width || frame.height !== height) {
      context.setLineDash([6, 5]);
      context.strokeStyle = colours.yolk;
      context.lineWidth = 2;
      context.strokeRect(left, top, frame.width * view.scale, frame.height * view.scale);
    }
    // Close up the pixels themselves are what one paints at.
    context.imageSmoothingEnabled = view.scale < 4;
    context.drawImage(image, view.x, view.y, width * view.scale, height * view.scale);
  }

  /** The mask in a box of the picture; all of it without one. */
  function drawMask(view, source, box) {
    const { context, canvas } = mask;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const [width, height] = source.size;
    const part = box ?? { x: 0, y: 0, width, height };
    const scale = view.scale * density;
    // Whole pixels of the screen, and a few more: what is scaled reaches over its edge.
    const left = box ? Math.floor(part.x * scale + view.x * density) - 2 : 0;
    const top = box ? Math.floor(part.y * scale + view.y * density) - 2 : 0;
    const across = box ? Math.ceil(part.width * scale) + 4 : canvas.width;
    const down = box ? Math.ceil(part.height * scale) + 4 : canvas.height;
    context.save();
    context.beginPath();
    context.rect(left, top, across, down);
    context.clip();
    context.clearRect(left, top, across, down);
    drawPart(context, source, view, scale, [left, top, across, down]);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = stripes;
    context.fillRect(left, top, across, down);
    context.restore();
  }

  /** Only the pixels of the mask that lie in a rectangle of the screen. */
  function drawPart(context, source, view, scale, [left, top, across, down]) {
    const [width, height] = source.size;
    const x = Math.max(0, Math.floor((left - view.x * density) / scale) - 1);
    const y = Math.max(0, Math.floor((top - view.y * density) / scale) - 1);
    const right = Math.min(width, Math.ceil((left + across - view.x * density) / scale) + 1);
    const bottom = Math.min(height, Math.ceil((top + down - view.y * density) / scale) + 1);
    if (right <= x || bottom <= y) return;
    context.drawImage(
      source.canvas,
      x,
      y,
      right - x,
      bottom - y,
      x * scale + view.x * density,
      y * scale + view.y * density,
      (right - x) * scale,
      (bottom - y) * scale,
    );
  }

  /** Lines through points of the screen, and rings { at, radius }: dark below yolk, to be seen on any picture. */
  function drawMarks({ line = [], closed = false, ring = null, dots = [] }) {
    const { context, canvas } = marks;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(density, density);
    context.beginPath();
    for (const point of line) context.lineTo(...point);
    if (closed) context.closePath();
    if (ring) context.arc(...ring.at, ring.radius, 0, 2 * Math.PI);
    for (const [width, ink] of [
      [3, colours.dark],
      [1.5, colours.yolk],
    ]) {
      Object.assign(context, { lineWidth: width, strokeStyle: ink });
      context.stroke();
    }
    for (const { at, keeps } of dots) drawDot(context, at, keeps);
  }

  function drawDot(context, [x, y], keeps) {
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    Object.assign(context, { fillStyle: keeps ? colours.yolk : colours.dark, strokeStyle: colours.dark, lineWidth: 2 });
    context.fill();
    context.stroke();
    context.fillStyle = keeps ? colours.dark : colours.yolk;
    context.fillRect(x - 4, y - 1, 8, 2);
    if (keeps) context.fillRect(x - 1, y - 4, 2, 8);
  }

  return { measure, drawPicture, drawMask, drawMarks };
}

function stripesOf({ yolk, dark }, width) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * width });
  const context = canvas.getContext("2d");
  context.globalAlpha = 0.5;
  context.fillStyle = dark;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalAlpha = 0.85;
  context.strokeStyle = yolk;
  context.lineWidth = width * Math.SQRT1_2;
  for (const shift of [-2, 0, 2]) {
    context.beginPath();
    context.moveTo((shift - 1) * width, 3 * width);
    context.lineTo((shift + 3) * width, -width);
    context.stroke();
  }
  return canvas;
}
