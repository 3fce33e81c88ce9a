// Fingers, pen and mouse on the editor's window: one of them draws, two fingers zoom and move, so do wheel and space bar.

import { moved, pinched, zoomed } from "./view.js";

const WHEEL = 1.0015;
const LIGHTEST = 0.15;

/**
 * `hand` is told { down, move, up, cancel, hover }, each with points of the screen; `look(change)` changes the view by a
 * function of it. A point is { at: [x, y], pressure: 0 to 1, takesAway }.
 */
export function followPointers(surface, hand, look) {
  const fingers = new Map();
  let drawing = null;
  let panning = null;
  let spaceHeld = false;

  function pointOf(event) {
    const box = surface.getBoundingClientRect();
    // A mouse has no pressure, and a finger tells the same one always.
    const pressure = event.pointerType === "pen" ? LIGHTEST + (1 - LIGHTEST) * event.pressure : 1;
    const takesAway = event.altKey || event.button === 5 || (event.buttons & 32) > 0;
    return { at: [event.clientX - box.left, event.clientY - box.top], pressure, takesAway };
  }

  function down(event) {
    if (event.button > 1 && event.button !== 5) return;
    surface.setPointerCapture(event.pointerId);
    const point = pointOf(event);
    if (event.pointerType === "touch") fingers.set(event.pointerId, point.at);
    if (fingers.size > 1) {
      if (drawing !== null) hand.cancel();
      drawing = null;
      return;
    }
    if (event.button === 1 || spaceHeld) {
      event.preventDefault();
      panning = point.at;
      return;
    }
    drawing = event.pointerId;
    hand.down(point);
  }

  function move(event) {
    if (fingers.size > 1 && fingers.has(event.pointerId)) return pinch(event);
    if (panning) {
      const [x, y] = pointOf(event).at;
      const [across, along] = [x - panning[0], y - panning[1]];
      look((view) => moved(view, across, along));
      panning = [x, y];
    } else if (drawing === event.pointerId) {
      // The browser joins moves that come within one frame; a curve needs all of them.
      const joined = event.getCoalescedEvents?.() ?? [];
      for (const each of joined.length ? joined : [event]) hand.move(pointOf(each));
    } else if (event.pointerType !== "touch") hand.hover(pointOf(event));
  }

  function pinch(event) {
    const [first, second] = fingers.keys();
    const before = [fingers.get(first), fingers.get(second)];
    fingers.set(event.pointerId, pointOf(event).at);
    look((view) => pinched(view, before, [fingers.get(first), fingers.get(second)]));
  }

  function up(event) {
    fingers.delete(event.pointerId);
    panning = null;
    if (drawing !== event.pointerId) return;
    drawing = null;
    if (event.type === "pointercancel") hand.cancel();
    else hand.up(pointOf(event));
  }

  surface.addEventListener("pointerdown", down);
  surface.addEventListener("pointermove", move);
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", up);
  surface.addEventListener("pointerleave", () => drawing === null && hand.leave());
  // Without a key held the wheel scrolls the page, unless one is at work in the editor.
  surface.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && document.activeElement !== surface) return;
      event.preventDefault();
      const by = WHEEL ** -(event.deltaMode ? 30 * event.deltaY : event.deltaY);
      look((view) => zoomed(view, event.ctrlKey ? by ** 3 : by, pointOf(event).at));
    },
    { passive: false },
  );
  surface.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    spaceHeld = true;
  });
  surface.addEventListener("keyup", (event) => {
    if (event.key === " ") spaceHeld = false;
  });
  surface.addEventListener("blur", () => (spaceHeld = false));
}
