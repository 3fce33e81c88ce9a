// The picture and what it was made from, one over the other: a slider, which arrow keys move too, says how much is seen of each.

const root = document.querySelector("[data-comparison]");
const picture = root.parentElement.querySelector("img");
const source = root.querySelector(".comparison__source");
const divide = root.querySelector("input");
const button = root.querySelector("button");
const [left, top, width, height] = root.dataset.box.split(" ").map(Number);

/** Over the picture, where the source lies in it. */
function place() {
  const [ground, box] = [root.parentElement.getBoundingClientRect(), picture.getBoundingClientRect()];
  Object.assign(source.style, {
    left: `${box.left - ground.left + (box.width * left) / 100}px`,
    top: `${box.top - ground.top + (box.height * top) / 100}px`,
    width: `${(box.width * width) / 100}px`,
    height: `${(box.height * height) / 100}px`,
  });
  // The line stands at a share of the result, not of a source that is smaller than it.
  const line = (Number(divide.value) - left) / (width / 100);
  source.style.setProperty("--divide", `${Math.min(100, Math.max(0, line))}%`);
}

function compare(on) {
  source.hidden = divide.hidden = !on;
  button.setAttribute("aria-pressed", String(on));
  if (!on) return;
  place();
  divide.focus();
}

button.addEventListener("click", () => compare(source.hidden));
divide.addEventListener("input", place);
new ResizeObserver(() => source.hidden || place()).observe(picture);
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=range]), textarea, select, details[open]")) return;
  compare(source.hidden);
});
