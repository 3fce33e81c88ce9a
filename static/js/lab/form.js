// The lab's form: which half counts, what an axis asks for, and the price while it is filled in.

import { post, Refused } from "../ask.js";

const PAUSE_MS = 350;
const form = document.getElementById("lab");

function chooseHalf() {
  form.dataset.mode = form.elements.mode.value;
}

/** An axis shows only what its field needs, with a hint for its values. */
function dressAxis(axis) {
  const kind = axis.querySelector("[data-kind]").selectedOptions[0];
  const target = axis.querySelector("[data-target-part]");
  target.hidden = !kind.dataset.target;
  if (kind.dataset.target) target.querySelector("label").textContent = sentence(kind.dataset.target);
  axis.querySelector("[data-values-part]").hidden = !kind.value;
  axis.querySelector("p[data-hint]").textContent = kind.dataset.hint;
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

function changed() {
  chooseHalf();
  form.querySelectorAll("[data-axis]").forEach(dressAxis);
  clearTimeout(timer);
  timer = setTimeout(quote, PAUSE_MS);
}

if (form) {
  form.dataset.live = "";
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  changed();
}
