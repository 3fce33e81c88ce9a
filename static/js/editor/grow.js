// The handles at the four sides of the picture: drawn outwards, by pointer or arrow keys, the picture grows there.

import { toScreen } from "./view.js";

export const SIDES = ["left", "top", "right", "bottom"];
const STEP = 8;
const MOST = 1024;
const OUTWARDS = { left: [-1, 0], top: [0, -1], right: [1, 0], bottom: [0, 1] };
const KEYS = { ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowDown: [0, 1] };

export const whole = (pixels) => Math.min(MOST, Math.max(0, STEP * Math.round(pixels / STEP)));

/** The picture with what it grows by, in its own pixels. */
export function frameOf([width, height], [left, top, right, bottom]) {
  return { left: 0 - left, top: 0 - top, width: width + left + right, height: height + top + bottom };
}

/** Handles in `ground`; `grown(n, pixels, ended)` is told to what the n-th of SIDES is drawn. */
export function offerGrowing(ground, { scale, grown }) {
  const handles = SIDES.map((side) => ground.querySelector(`[data-grow="${side}"]`));
  let held = null;

  function place(view, frame, grow) {
    const [left, top] = toScreen(view, [frame.left, frame.top]);
    const [right, bottom] = toScreen(view, [frame.left + frame.width, frame.top + frame.height]);
    const [middle, center] = [(left + right) / 2, (top + bottom) / 2];
    const places = [
      [left, center],
      [middle, top],
      [right, center],
      [middle, bottom],
    ];
    const inside = (value, most) => Math.min(most - 12, Math.max(12, value));
    for (const [n, handle] of handles.entries()) {
      // A handle that zooming brings out of the window waits at its edge.
      const [x, y] = [inside(places[n][0], ground.clientWidth), inside(places[n][1], ground.clientHeight)];
      handle.style.translate = `${x}px ${y}px`;
      handle.setAttribute("aria-valuenow", String(grow[n]));
      handle.setAttribute("aria-valuetext", `${grow[n]} pixels`);
      handle.dataset.pixels = grow[n] ? `+${grow[n]}` : "";
    }
  }

  for (const [n, handle] of handles.entries()) {
    handle.setAttribute("aria-valuemax", String(MOST));
    const [across, down] = OUTWARDS[SIDES[n]];
    const pixels = () => Number(handle.getAttribute("aria-valuenow"));
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      held = { x: event.clientX, y: event.clientY, pixels: pixels(), scale: scale() };
    });
    handle.addEventListener("pointermove", (event) => {
      if (!held) return;
      const way = (event.clientX - held.x) * across + (event.clientY - held.y) * down;
      grown(n, whole(held.pixels + way / held.scale), false);
    });
    handle.addEventListener("lostpointercapture", () => {
      held = null;
      grown(n, pixels(), true);
    });
    handle.addEventListener("keydown", (event) => {
      const key = KEYS[event.key];
      const by = key ? key[0] * across + key[1] * down : 0;
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      grown(n, whole(pixels() + by * (event.shiftKey ? 8 : 1) * STEP), true);
    });
  }
  return place;
}
