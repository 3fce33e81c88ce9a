// The editor: a picture to look at closely, what is to be drawn anew painted over it, and its sides drawn outwards.
// It knows no form: `changed()` is told when the mask is another, `grown(grow)` when a side is.

import { Refused } from "../ask.js";
import { toast } from "../toast.js";
import { frameOf, offerGrowing } from "./grow.js";
import { maskOf } from "./mask.js";
import { followPointers } from "./pointers.js";
import { sceneIn } from "./scene.js";
import { selected } from "./select.js";
import { KEYS, TOOLS } from "./tools.js";
import { fitted, joined, moved, toPicture, toScreen, zoomed } from "./view.js";

const MARGIN = 28;
const STEP = 1.25;
const PAN = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };

export function editorIn(root, { changed, grown }) {
  const ground = root.querySelector("[data-ground]");
  const surface = root.querySelector('[data-layer="marks"]');
  const size = root.querySelector("[data-size]");
  const status = root.querySelector("[data-editor-status]");
  const scene = sceneIn(ground);
  let source = null;
  let mask = null;
  let view = { scale: 1, x: 0, y: 0 };
  let room = [1, 1];
  let grow = [0, 0, 0, 0];
  let tool = "brush";
  let clicks = [];
  let isSelected = false;
  let isEmpty = true;
  let stale = { picture: false, mask: null, all: false };
  let marks = {};
  let frame = 0;

  const say = (sentence) => (status.textContent = sentence);
  const whole = () => frameOf(mask.size, grow);

  /** What has changed is drawn once, before the browser shows the next frame. */
  function draw(next) {
    stale = { ...stale, ...next, mask: joined(stale.mask, next.mask) };
    if (!frame) frame = requestAnimationFrame(show);
  }

  function show() {
    frame = 0;
    if (!mask) return;
    if (stale.picture) scene.drawPicture(view, source.image, whole(), mask.size);
    if (stale.all || stale.mask) scene.drawMask(view, mask, stale.all ? null : stale.mask);
    if (stale.picture) place(view, whole(), grow);
    scene.drawMarks({ ...marks, dots: clicks.map(({ x, y, keeps }) => ({ at: toScreen(view, [x, y]), keeps })) });
    stale = { picture: false, mask: null, all: false };
  }

  function look(change) {
    if (!mask) return;
    view = change(view);
    draw({ picture: true, all: true });
  }

  const fit = () => look(() => fitted(whole(), room, MARGIN));

  /** The size in the slider is that of the screen when the whole picture is seen: small pictures get small brushes. */
  const radius = () => (Number(size.value) / 2 / 512) * Math.max(...mask.size);

  const stage = {
    mask: () => mask,
    radius,
    painted: (box) => draw({ mask: box }),
    done: () => finished(mask.end()),
    outline(points) {
      marks = { line: points.map((point) => toScreen(view, point)), closed: true };
      draw({});
    },
    isTakingAway: () => root.querySelector("[data-take-away]").getAttribute("aria-pressed") === "true",
    onScreen: ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by) * view.scale,
    clicked(point) {
      if (!isInside([point.x, point.y])) return;
      clicks.push(point);
      draw({});
      askForSelection(clicks, null);
    },
    boxed(corners) {
      const [width, height] = mask.size;
      const inside = (value, most) => Math.min(most, Math.max(0, Math.round(value)));
      const xs = corners.map(([x]) => inside(x, width));
      const ys = corners.map(([, y]) => inside(y, height));
      const box = {
        left: Math.min(...xs),
        top: Math.min(...ys),
        right: Math.max(...xs),
        bottom: Math.max(...ys),
      };
      if (box.right > box.left && box.bottom > box.top) askForSelection([], box);
    },
  };

  const isInside = ([x, y]) => x >= 0 && y >= 0 && x < mask.size[0] && y < mask.size[1];

  /** Every further click asks anew with all of them: what the last answer selected is taken back first. */
  async function askForSelection(points, box) {
    const asked = { mask, count: clicks.length };
    ground.toggleAttribute("data-waits", true);
    say("Looking for what you mean …");
    try {
      const { picture, by, note } = await selected(root.dataset.selectUrl, source.code, points, box);
      if (mask !== asked.mask || clicks.length !== asked.count) return;
      if (points.length > 1 && isSelected) mask.undo();
      isSelected = true;
      finished(mask.combine(picture, !points.length && stage.isTakingAway()));
      say([`Selected. ${by}.`, note].filter(Boolean).join(" "));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      clicks = clicks.slice(0, -1);
      say("");
      toast(error.message);
      draw({});
    } finally {
      ground.toggleAttribute("data-waits", false);
    }
  }

  function finished(box) {
    if (!box) return;
    draw({ mask: box });
    isEmpty = mask.isEmpty();
    showHistory();
    changed();
  }

  function showHistory() {
    root.querySelector('[data-act="undo"]').disabled = !mask?.history.canUndo;
    root.querySelector('[data-act="redo"]').disabled = !mask?.history.canRedo;
  }

  function forgetClicks() {
    clicks = [];
    isSelected = false;
  }

  function take(name) {
    tool = name;
    forgetClicks();
    marks = {};
    for (const button of root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    }
    ground.dataset.holds = name;
    say(root.querySelector(`[data-tool="${name}"]`).dataset.hint);
    draw({});
  }

  function resize(by) {
    size.value = String(Number(size.value) + by * Math.max(2, Math.round(Number(size.value) / 8)));
    size.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const middle = () => [room[0] / 2, room[1] / 2];
  const acts = {
    undo: () => finished(mask.undo()),
    redo: () => finished(mask.redo()),
    invert: () => finished(mask.invert()),
    soften: () => finished(mask.soften(Math.max(2, Math.max(...mask.size) / 64))),
    clear: () => finished(mask.clear()),
    fit,
    "zoom-in": () => look((from) => zoomed(from, STEP, middle())),
    "zoom-out": () => look((from) => zoomed(from, 1 / STEP, middle())),
  };

  function act(name) {
    if (!mask) return;
    // What was clicked belongs to what is changed now.
    if (!name.startsWith("zoom") && name !== "fit") forgetClicks();
    acts[name]();
    draw({});
  }

  function press(event) {
    const key = event.key.toLowerCase();
    const held = event.ctrlKey || event.metaKey;
    if (event.altKey || (held && key !== "z") || event.target.closest("input, select, textarea")) return;
    if (key in KEYS && root.querySelector(`[data-tool="${KEYS[key]}"]`)) take(KEYS[key]);
    else if (key === "z") act(event.shiftKey ? "redo" : "undo");
    else if (key === "[" || key === "]") resize(key === "[" ? -1 : 1);
    else if (key === "i") act("invert");
    else if (key === "0") act("fit");
    else if (key === "+" || key === "=") act("zoom-in");
    else if (key === "-") act("zoom-out");
    else if (event.key in PAN && event.target === surface) look((from) => moved(from, ...PAN[event.key]));
    else return;
    event.preventDefault();
  }

  const told = ({ at, pressure, takesAway }) => ({ place: toPicture(view, at), pressure, takesAway });
  const ringAt = (at) => (TOOLS[tool].hasRing && mask ? { ring: { at, radius: radius() * view.scale } } : null);
  followPointers(
    surface,
    {
      down: (point) => mask && TOOLS[tool].down(stage, told(point)),
      move(point) {
        if (!mask) return;
        if (TOOLS[tool].hasRing) marks = ringAt(point.at);
        TOOLS[tool].move(stage, told(point));
      },
      up: (point) => mask && TOOLS[tool].up(stage, told(point)),
      cancel() {
        TOOLS[tool].cancel(stage);
        const box = mask?.drop();
        if (box) draw({ mask: box });
      },
      hover({ at }) {
        const ring = ringAt(at);
        if (!ring) return;
        marks = ring;
        draw({});
      },
      leave() {
        marks = {};
        draw({});
      },
    },
    look,
  );
  const place = offerGrowing(ground, {
    scale: () => view.scale,
    grown(side, pixels, ended) {
      if (!mask) return;
      grow = grow.map((before, n) => (n === side ? pixels : before));
      draw({ picture: true });
      if (!ended) return;
      fit();
      grown(grow);
    },
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool], [data-act], [data-take-away]");
    if (!button) return;
    if (button.dataset.tool) take(button.dataset.tool);
    else if (button.dataset.act) act(button.dataset.act);
    else button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  });
  root.addEventListener("keydown", press);
  new ResizeObserver(() => {
    if (!ground.clientWidth) return;
    room = scene.measure();
    if (mask) fit();
  }).observe(ground);

  return {
    /** Show a picture { code, image, width, height }, with the mask that it has already: a picture, or null. */
    open(next, painted, growing) {
      source = next;
      mask = maskOf(next.width, next.height);
      grow = growing;
      if (painted) mask.combine(painted, false);
      mask.history.clear();
      isEmpty = mask.isEmpty();
      room = scene.measure();
      take(tool);
      showHistory();
      fit();
    },
    close() {
      source = mask = null;
      forgetClicks();
    },
    setGrow(next) {
      if (!mask || next.every((pixels, n) => pixels === grow[n])) return;
      grow = next;
      fit();
    },
    /** A mask that came from elsewhere takes the place of what was painted. */
    combine: (picture) => mask && finished(mask.combine(picture, false)),
    isEmpty: () => !mask || isEmpty,
    file: () => mask.file(),
  };
}
