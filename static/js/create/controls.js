// Control pictures: ControlNets, each with the picture whose shape it keeps, and a look at what it reads of it.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";
import { lookAt } from "./preview.js";

export function startControls(form) {
  const places = () => [...form.querySelectorAll("[data-control]")];
  const fieldOf = (place, name) => form.elements[`control${place.dataset.control}_${name}`];
  const isUsed = (place) => Boolean(fieldOf(place, "name").value || fieldOf(place, "picture").value);
  const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  const pending = new Set();

  /** The places up to the first that is free; what stands in them in words. */
  function redraw() {
    const all = places();
    const free = all.findIndex((place) => !isUsed(place));
    for (const [n, place] of all.entries()) {
      place.hidden = free >= 0 && n > free && !isUsed(place);
      describe(place);
      lookAt(place, (name) => fieldOf(place, name).value, chosenSize(form));
    }
    const names = all.filter(isUsed).map((place) => chosenTitle(fieldOf(place, "name")) || "no ControlNet yet");
    const summary = form.querySelector("[data-controls-summary]");
    if (all.length) summary.textContent = names.join(", ") || "none";
  }

  function describe(place) {
    place.querySelector("[data-control-summary]").textContent = chosenTitle(fieldOf(place, "name")) || "none";
    place.querySelector("[data-control-words]").textContent =
      fieldOf(place, "preprocessor").selectedOptions[0]?.dataset.words ?? "";
  }

  function use(place, code, title = "") {
    const field = fieldOf(place, "picture");
    if (title && ![...field.options].some((option) => option.value === code)) field.add(new Option(title, code), 1);
    field.value = code;
    const thumb = place.querySelector("[data-control-thumb]");
    thumb.hidden = !code;
    if (code) thumb.src = `${form.dataset.sourcesUrl}${code}/file`;
    place.querySelector("[data-control-gone]")?.remove();
    changed(field);
  }

  async function bring(place, file) {
    const fields = new FormData();
    fields.append("picture", file);
    try {
      const { code, width, height } = await (await post(form.dataset.sourcesUrl, fields)).json();
      use(place, code, `${file.name} · ${width} × ${height}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  }

  /** A ControlNet brings along the preprocessor that its name tells of; it may be changed afterwards. */
  function follow(name) {
    const place = name.closest("[data-control]");
    const usual = name.selectedOptions[0]?.dataset.usual;
    if (!usual) return;
    fieldOf(place, "preprocessor").value = usual;
    changed(fieldOf(place, "preprocessor"));
  }

  function remove(place) {
    fieldOf(place, "name").value = "";
    use(place, "");
    place.open = false;
    place.querySelector("summary").focus();
  }

  form.addEventListener("change", (event) => {
    const place = event.target.closest("[data-control]");
    if (!place) return;
    if (event.target.matches("[data-control-name]")) follow(event.target);
    if (event.target.matches("[data-control-picture]")) use(place, event.target.value);
    if (!event.target.matches("[data-control-file]") || !event.target.files[0]) return;
    const brought = bring(place, event.target.files[0]).finally(() => pending.delete(brought));
    pending.add(brought);
    // Its code is sent; the file itself would go along with every draft.
    event.target.value = "";
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-control-remove]");
    if (button) remove(button.closest("[data-control]"));
  });
  form.addEventListener("input", redraw);
  redraw();
  return {
    redraw,
    /** Resolves when the pictures that are on their way have come. */
    brought: () => Promise.all(pending),
  };
}

/** As a preview asks for it; empty where it is that of another picture. */
function chosenSize(form) {
  const chosen = form.querySelector("[name=size]:checked");
  if (chosen?.value === "own") return `${form.elements.width.value}x${form.elements.height.value}`;
  return chosen && chosen.value !== "source" ? chosen.value : "";
}

/** The title of what is chosen; empty for nothing. */
function chosenTitle(field) {
  return field.value && field.selectedOptions[0].textContent.trim();
}
