// The lab's form: which half counts, what an axis asks for, and the price while it is filled in.

import { post, Refused } from "../ask.js";
import { startCompletion } from "../create/complete.js";
import { startInspector } from "../create/inspector.js";
import { startWeights } from "../create/weights.js";
import { readValues, writeValues } from "./values.js";

const PAUSE_MS = 350;
const form = document.getElementById("lab");

function chooseHalf() {
  form.dataset.mode = form.elements.mode.value;
}

/** As many steps along an edge as the shape that so many LoRAs make can have. */
function boundPoints() {
  const bounds = JSON.parse(form.dataset.points)[form.querySelectorAll("[name=mix]:checked").length];
  if (!bounds) return;
  const field = form.elements.points;
  [field.min, field.max] = bounds;
  if (field.value && document.activeElement !== field)
    field.value = String(Math.min(Math.max(Number(field.value), bounds[0]), bounds[1]));
}

/** An axis shows only what its field needs, with a hint for its values and the names that there are. */
function dressAxis(axis) {
  const kind = axis.querySelector("[data-kind]").selectedOptions[0];
  const target = axis.querySelector("[data-target-part]");
  const named = target.querySelector("input");
  target.hidden = !kind.dataset.target;
  if (kind.dataset.target) target.querySelector("label").textContent = sentence(kind.dataset.target);
  if (kind.value.startsWith("lora")) named.setAttribute("list", named.dataset.loras);
  else named.removeAttribute("list");
  axis.querySelector("[data-values-part]").hidden = !kind.value;
  axis.querySelector("p[data-hint]").textContent = kind.dataset.hint ?? "";
  offerChoices(axis, kind.value);
}

function offerChoices(axis, kind) {
  const place = axis.querySelector("[data-choices]");
  if (place.dataset.choices !== kind) {
    place.dataset.choices = kind;
    place.replaceChildren(...[...(document.getElementById(`axis-${kind}`)?.options ?? [])].map(chipOf));
    place.hidden = !place.childElementCount;
  }
  const chosen = readValues(axis.querySelector("[data-values-part] input").value);
  for (const chip of place.children) chip.setAttribute("aria-pressed", String(chosen.includes(chip.dataset.value)));
}

function chipOf({ value, label }) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.dataset.value = value;
  chip.textContent = label;
  return chip;
}

function choose(chip) {
  const field = chip.closest("[data-values-part]").querySelector("input");
  const { value } = chip.dataset;
  const chosen = readValues(field.value);
  field.value = writeValues(chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whether enough is chosen for a price: two LoRAs, or an axis with values. An untouched form is not asked about. */
function hasPrice() {
  if (form.dataset.mode === "between") return true;
  if (form.dataset.mode !== "axes") return form.querySelectorAll("[name=mix]:checked").length > 1;
  const axes = [...form.querySelectorAll("[data-axis]")].filter((axis) => axis.querySelector("[data-kind]").value);
  return axes.length > 0 && axes.every((axis) => axis.querySelector("[data-values-part] input").value.trim());
}

function sentence(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function say(words) {
  const place = form.querySelector("[data-dear]");
  place.textContent = words;
  place.hidden = !words;
}

function showPrice(price) {
  form.querySelector("[data-price-part]").hidden = !price;
  form.querySelector("[data-count]").textContent = price ? String(price.count) : "";
  if (!price) return;
  form.querySelector("[data-price]").textContent = String(price.credits);
  form.querySelector("[data-unit]").textContent = price.credits === 1 ? "credit" : "credits";
}

let asking = null;
let timer = 0;

async function quote() {
  asking?.abort();
  asking = new AbortController();
  try {
    const price = await (await post(form.dataset.quoteUrl, new FormData(form), { signal: asking.signal })).json();
    showPrice(price);
    say(price.sentence);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    showPrice(null);
    say(error.message);
  }
}

function dress() {
  chooseHalf();
  boundPoints();
  form.querySelectorAll("[data-axis]").forEach(dressAxis);
}

function changed() {
  dress();
  clearTimeout(timer);
  timer = setTimeout(quote, PAUSE_MS);
}

if (form) {
  form.dataset.live = "";
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-choices] > .chip");
    if (chip) choose(chip);
  });
  startInspector(form);
  startCompletion(form, [[form.elements.prompt, ["lora", "wildcard", "embedding"]]]);
  startWeights(form.elements.prompt);
  dress();
  if (hasPrice()) changed();
}
