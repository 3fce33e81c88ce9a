// Refusals at their fields: those of a form that was sent, and those of what is being typed, which go by themselves.

const OWN_FIELD = { width: "size", height: "size" };

export function clearRefusals(form) {
  for (const place of form.querySelectorAll("[data-refusals]")) place.replaceChildren();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** What was wrong with a field when the form was sent is no longer said once the field is changed. */
export function clearRefusal(form, { name = "" }) {
  const place = name && form.querySelector(`[data-refusals="${CSS.escape(placeOf(name))}"]`);
  const sent = place ? [...place.querySelectorAll("ul:not([data-typed])")] : [];
  for (const list of sent) list.remove();
  if (!sent.length || place.childElementCount) return;
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    if (placeOf(field.name) === placeOf(name)) field.removeAttribute("aria-invalid");
  }
}

/** Show why a sent form was refused and go there. Whether any of it has a place. */
export function showRefusals(form, errors) {
  const placed = errors.filter((error) => placeRefusal(form, error));
  if (!placed.length) return false;
  const first = form.querySelector("[aria-invalid]") ?? form.querySelector("[data-refusals]:has(*)");
  if (first.matches("input, textarea, select")) first.focus();
  first.scrollIntoView({ block: "center" });
  return true;
}

/** Show what would be refused of the form as it stands. What stays wrong is left alone, so that it is read out once. */
export function showTyped(form, errors) {
  const wrong = new Set(errors.map(({ field, detail }) => `${placeOf(field)} ${detail}`));
  for (const list of form.querySelectorAll("[data-typed]")) {
    if (wrong.has(list.dataset.typed)) continue;
    form.elements[list.dataset.field]?.removeAttribute?.("aria-invalid");
    list.remove();
  }
  for (const error of errors) {
    const place = form.querySelector(`[data-refusals="${CSS.escape(placeOf(error.field))}"]`);
    const said = [...(place?.querySelectorAll("li") ?? [])].some((item) => item.textContent.trim() === error.detail);
    if (place && !said) placeRefusal(form, error, true);
  }
}

function placeOf(field = "") {
  return OWN_FIELD[field] ?? field;
}

function placeRefusal(form, { field = "", detail }, typed = false) {
  const place = form.querySelector(`[data-refusals="${CSS.escape(placeOf(field))}"]`);
  if (!place) return false;
  const list = sentence(detail);
  if (typed) Object.assign(list.dataset, { typed: `${placeOf(field)} ${detail}`, field });
  place.append(list);
  for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const control = form.elements[field];
  // What nobody sees cannot be gone to: the sentence itself is.
  if (control instanceof Element && control.type !== "hidden") control.setAttribute("aria-invalid", "true");
  return true;
}

function sentence(text) {
  const list = document.createElement("ul");
  list.className = "field__errors";
  list.setAttribute("role", "alert");
  const item = document.createElement("li");
  item.textContent = text;
  list.append(item);
  return list;
}
