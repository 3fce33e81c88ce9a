// The crop dialog: a frame over the picture, dragged or moved by keys, and the point its cuts keep, tapped or moved by
// keys. Edges and the point are shares of the picture, 0 to 1.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

const WHOLE = [0, 0, 1, 1];
const LEAST_PIXELS = 64;
const KEY_STEP = 0.01;
const TAP_PIXELS = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The frame moved by shares of the picture, and kept inside it. */
export function moved([left, top, right, bottom], x, y) {
  const across = clamp(x, -left, 1 - right);
  const down = clamp(y, -top, 1 - bottom);
  return [left + across, top + down, right + across, bottom + down];
}

/** The frame with one corner pulled to a place; `least` is the smallest frame, `ratio` its height over its width (0: any). */
export function pulled([left, top, right, bottom], corner, [x, y], least, ratio) {
  const west = corner.includes("w");
  const north = corner.includes("n");
  const roomAcross = west ? right : 1 - left;
  const roomDown = north ? bottom : 1 - top;
  let across = clamp(west ? right - x : x - left, least[0], roomAcross);
  let down = clamp(north ? bottom - y : y - top, least[1], roomDown);
  if (ratio) {
    across = Math.min(Math.max(across, down / ratio), roomAcross, roomDown / ratio);
    down = across * ratio;
  }
  return [
    west ? right - across : left,
    north ? bottom - down : top,
    west ? right : left + across,
    north ? bottom : top + down,
  ];
}

/** The largest square in the middle of a frame. */
export function squared([left, top, right, bottom], ratio) {
  const across = Math.min(right - left, (bottom - top) / ratio);
  const down = across * ratio;
  const [x, y] = [(left + right - across) / 2, (top + bottom - down) / 2];
  return [x, y, x + across, y + down];
}

export function startCropping(root, { refresh }) {
  const dialog = document.getElementById("crop");
  const form = dialog.querySelector("[data-crop-form]");
  const canvas = dialog.querySelector("[data-crop-canvas]");
  const picture = dialog.querySelector("[data-crop-picture]");
  const frame = dialog.querySelector("[data-crop-frame]");
  const status = dialog.querySelector("[data-crop-status]");
  const mark = dialog.querySelector("[data-focus-mark]");
  const automatic = dialog.querySelector("[data-focus-automatic]");
  let edges = WHOLE;
  let focus = null;
  let size = [1, 1];
  let held = null;

  const least = () => size.map((side) => Math.min(1, LEAST_PIXELS / side));
  const ratio = () => (form.elements.shape.value === "square" ? size[0] / size[1] : 0);

  function show(next) {
    edges = next;
    const [left, top, right, bottom] = edges.map((edge) => `${100 * edge}%`);
    Object.assign(frame.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
    const pixels = [(edges[2] - edges[0]) * size[0], (edges[3] - edges[1]) * size[1]].map(Math.round);
    status.textContent = `${pixels[0]} × ${pixels[1]} of ${size[0]} × ${size[1]} pixels`;
    frame.setAttribute("aria-label", `Frame: ${status.textContent}`);
    placeMark();
  }

  const middle = () => [(edges[0] + edges[2]) / 2, (edges[1] + edges[3]) / 2];

  function placeMark() {
    const [left, top] = (focus ?? middle()).map((share) => `${100 * share}%`);
    Object.assign(mark.style, { left, top });
    mark.toggleAttribute("data-chosen", focus !== null);
    mark.setAttribute("aria-label", focus ? `Focus: ${left} across, ${top} down` : "Focus: the middle");
    dialog.querySelector("[data-focus-status]").textContent = focus ? "Focus chosen" : "Focus in the middle";
    automatic.hidden = focus === null;
  }

  function setFocus(next) {
    focus = next ? next.map((share) => Number(clamp(share, 0, 1).toFixed(3))) : null;
    placeMark();
  }

  function open(link) {
    size = [Number(link.dataset.width), Number(link.dataset.height)];
    form.action = link.dataset.cropUrl;
    picture.src = link.href;
    form.elements.shape.value = "free";
    focus = link.dataset.focus ? link.dataset.focus.split(",").map(Number) : null;
    show(link.dataset.crop ? link.dataset.crop.split(",").map(Number) : WHOLE);
    dialog.showModal();
    frame.focus();
  }

  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
  }

  function drag(event) {
    if (!held) return;
    const place = placeOf(event);
    if (held.corner) show(pulled(held.edges, held.corner, place, least(), ratio()));
    else show(moved(held.edges, place[0] - held.place[0], place[1] - held.place[1]));
  }

  function letGo(event) {
    const tapped = held && !held.corner && Math.hypot(event.clientX - held.x, event.clientY - held.y) < TAP_PIXELS;
    if (tapped) {
      show(held.edges);
      setFocus(held.place);
    }
    held = null;
  }

  function moveFocus(event) {
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    const from = focus ?? middle();
    setFocus(arrow ? from.map((share, n) => share + arrow[n] * KEY_STEP) : null);
  }

  function press(event) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [x, y] = arrow.map((part) => part * KEY_STEP);
    if (event.shiftKey)
      show(pulled(edges, "se", [edges[2] + x + y * (ratio() ? 1 : 0), edges[3] + y], least(), ratio()));
    else show(moved(edges, x, y));
  }

  async function keep(crop) {
    const fields = new FormData(form);
    fields.set("crop", crop.map((edge) => edge.toFixed(5)).join(","));
    fields.set("focus", (focus ?? []).join(","));
    try {
      await post(form.action, fields);
      dialog.close();
      await refresh();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  }

  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-crop-url]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(link);
  });
  frame.addEventListener("pointerdown", (event) => {
    frame.setPointerCapture(event.pointerId);
    held = { corner: event.target.dataset.handle, place: placeOf(event), x: event.clientX, y: event.clientY, edges };
  });
  frame.addEventListener("pointermove", drag);
  frame.addEventListener("pointerup", letGo);
  frame.addEventListener("pointercancel", () => (held = null));
  frame.addEventListener("keydown", press);
  mark.addEventListener("keydown", moveFocus);
  automatic.addEventListener("click", () => {
    setFocus(null);
    mark.focus();
  });
  form.addEventListener("change", () => ratio() && show(squared(edges, ratio())));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const whole =
      event.submitter?.matches("[data-crop-automatic]") || edges.every((edge, n) => Math.abs(edge - WHOLE[n]) < 1e-4);
    keep(whole ? [] : edges);
  });
}
