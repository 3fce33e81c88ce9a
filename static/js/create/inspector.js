// The inspector: htmx asks the server what the prompts say; this paints the answer and puts its suggestions in.

import { painterOf } from "./paint.js";
import { replaceRange, unitsOf } from "./places.js";
import { showTyped } from "./refusals.js";

const FIELDS = ["prompt", "negative_prompt"];

export function startInspector(form) {
  const painted = FIELDS.filter((name) => form.elements[name].parentElement.querySelector("[data-paint]"));
  const painters = Object.fromEntries(painted.map((name) => [name, painterOf(form.elements[name])]));
  const status = form.querySelector("[data-inspector-status]");
  let asked = {};

  form.addEventListener("htmx:beforeRequest", () => {
    asked = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
  });
  form.addEventListener("htmx:afterSettle", () => {
    for (const body of form.querySelectorAll("[data-marks]")) {
      painters[body.dataset.for]?.show(JSON.parse(body.dataset.marks), asked[body.dataset.for] ?? "");
    }
    showTyped(form, JSON.parse(form.querySelector("[data-refused]").dataset.refused).errors);
    const wrong = [...form.querySelectorAll(".problem--error .problem__words")]
      .map((words) => words.textContent)
      .join(" ");
    if (status.textContent !== wrong) status.textContent = wrong;
  });
  form.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-start], [data-insert]");
    if (!pressed) return;
    const field = form.elements[pressed.closest("[data-for]").dataset.for];
    if (pressed.dataset.insert) insert(field, pressed.dataset.insert);
    else goTo(field, pressed.dataset);
  });
}

function insert(field, word) {
  const text = field.value.trimEnd();
  const joint = !text || text.endsWith(",") ? (text ? " " : "") : ", ";
  replaceRange(field, text.length, field.value.length, joint + word);
}

function goTo(field, { start, end, suggestion }) {
  const units = unitsOf(field.value);
  const [from, to] = [units[start] ?? field.value.length, units[end] ?? field.value.length];
  if (suggestion) return replaceRange(field, from, to, corrected(field.value.slice(from, to), suggestion));
  field.focus();
  field.setSelectionRange(from, to);
}

/** The misspelt mention with the right name: a tag keeps its kind and weights, a wildcard its underscores. */
function corrected(wrong, right) {
  const tag = wrong.match(/^<\w+:/)?.[0];
  if (tag) return tag + right + wrong.slice(tag.length).replace(/^[^:>]*/, "");
  return wrong.startsWith("__") ? `__${right}__` : right;
}
