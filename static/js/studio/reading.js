// Reads a learning curve off under the finger or the mouse: the nearest point's step and losses, and a line through it.

const WIDTH = 1000;
const HEIGHT = 400;

export function nearest(points, step) {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}

/** The validation loss is measured more rarely: the last one at or before the step. */
export function lastMeasured(points, step) {
  return points.filter((point) => point[2] !== null && point[0] <= step).at(-1)?.[2];
}

function read(box, event) {
  const points = JSON.parse(box.dataset.curve);
  const { left, width } = box.getBoundingClientRect();
  const [step, loss] = nearest(points, (Number(box.dataset.steps) * (event.clientX - left)) / width);
  const validation = lastMeasured(points, step);
  const place = (WIDTH * step) / Number(box.dataset.steps);
  box.querySelector("[data-finger]").setAttribute("d", `M${place} 0v${HEIGHT}`);
  const output = box.querySelector("[data-read]");
  const measured = validation === undefined ? "" : ` · validation ${validation.toFixed(3)}`;
  output.textContent = `Step ${step.toLocaleString("en")}${measured} · training ${loss.toFixed(3)}`;
  output.hidden = false;
}

function leave(box) {
  box.querySelector("[data-finger]").setAttribute("d", "");
  box.querySelector("[data-read]").hidden = true;
}

export function readUnderFinger(root) {
  root.addEventListener("pointermove", (event) => {
    const box = event.target.closest("[data-curve]");
    if (box) read(box, event);
  });
  root.addEventListener("pointerout", (event) => {
    const box = event.target.closest("[data-curve]");
    if (box && !box.contains(event.relatedTarget)) leave(box);
  });
}
