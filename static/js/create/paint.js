// Paints marks behind a text field: the server's findings about a text, kept in place while more is typed.

import { unitsOf } from "./places.js";

const SIDES = ["top", "right", "bottom", "left"];
const ALIKE = [
  ...[
    "font-family",
    "font-size",
    "font-weight",
    "font-feature-settings",
    "line-height",
    "letter-spacing",
    "word-spacing",
  ],
  ...SIDES.flatMap((side) => [`padding-${side}`]),
];

/** A painter of one field. `show` takes the server's marks and the text that they were made for. */
export function painterOf(field) {
  const canvas = field.parentElement.querySelector("[data-paint]");
  let marks = [];
  let text = field.value;
  wearAlike(canvas, getComputedStyle(field));

  function show(rows, about) {
    const units = unitsOf(about);
    marks = rows.map(([start, end, kind]) => ({
      start: units[start] ?? about.length,
      end: units[end] ?? about.length,
      kind,
    }));
    text = about;
    follow();
  }

  function follow() {
    marks = moved(marks, text, field.value);
    text = field.value;
    canvas.replaceChildren(...runs(marks, text));
    align();
  }

  // A little more than the field, for the underline of its last line.
  function align() {
    canvas.style.width = `${field.clientWidth}px`;
    canvas.style.height = `${field.clientHeight + 4}px`;
    canvas.scrollTop = field.scrollTop;
  }

  field.addEventListener("input", follow);
  field.addEventListener("scroll", () => (canvas.scrollTop = field.scrollTop));
  new ResizeObserver(align).observe(field);
  return { show };
}

/** The marks lie behind the field's letters only if both are set in the same type. */
function wearAlike(canvas, style) {
  for (const name of ALIKE) canvas.style.setProperty(name, style.getPropertyValue(name));
}

/** Marks of `before` as they lie in `after`, when one stretch was changed; those that it touches are dropped. */
export function moved(marks, before, after) {
  if (before === after) return marks;
  let head = 0;
  while (head < before.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const shift = after.length - before.length;
  const changedTo = before.length - tail;
  return marks.flatMap((mark) => {
    if (mark.end <= head) return [mark];
    if (mark.start >= changedTo) return [{ ...mark, start: mark.start + shift, end: mark.end + shift }];
    // Typing inside a weighted stretch stretches it; a mark of something wrong goes until the server has looked again.
    const inside = mark.start < head && mark.end > changedTo && !["bad", "odd"].includes(mark.kind);
    return inside ? [{ ...mark, end: mark.end + shift }] : [];
  });
}

function runs(marks, text) {
  const edges = [...new Set([0, text.length, ...marks.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  );
  const nodes = edges.slice(1).map((end, index) => {
    const start = edges[index];
    const kinds = marks.filter((mark) => mark.start <= start && mark.end >= end).map((mark) => `mark--${mark.kind}`);
    const words = text.slice(start, end);
    if (!kinds.length) return words;
    const span = document.createElement("span");
    span.className = ["mark", ...new Set(kinds)].join(" ");
    span.textContent = words;
    return span;
  });
  // A field shows an empty last line, other elements only with a character on it.
  return [...nodes, "\u200b"];
}
