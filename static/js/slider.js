// Paints the filled part of every .slider, and keeps a slider and its number in step: data-partner="<id of the number field>".

function paint(slider) {
  const low = Number(slider.min || 0);
  const high = Number(slider.max || 100);
  slider.style.setProperty("--fill", String((Number(slider.value) - low) / (high - low || 1)));
}

function partnerOf(field) {
  if (field.matches(".slider[data-partner]")) return document.getElementById(field.dataset.partner);
  return field.id ? document.querySelector(`.slider[data-partner="${CSS.escape(field.id)}"]`) : null;
}

function follow(field) {
  const partner = partnerOf(field);
  if (partner && partner.value !== field.value) partner.value = field.value;
  for (const each of [field, partner]) if (each?.matches(".slider")) paint(each);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("input")) follow(event.target);
});

export function paintSliders(root = document) {
  for (const slider of root.querySelectorAll(".slider")) paint(slider);
}

document.addEventListener("htmx:load", (event) => paintSliders(event.target));
paintSliders();
