// A look at what a ControlNet reads of a picture, where that can be told before anything is drawn.

import { ask, Refused } from "../ask.js";

const QUIET_MS = 300;
const READY = "none";
/** What it depends on besides the picture and the size, as its address asks for it. */
const LOOKED_AT = ["preprocessor", "low", "high", "fit"];
const READS = "This is what the ControlNet reads.";
const timers = new WeakMap();

/** Shows it a moment after the last change; nothing where the picture is read as it is, or by a network. */
export function lookAt(place, typed, size) {
  const preview = place.querySelector("[data-control-preview]");
  const chosen = place.querySelector("[data-control-preprocessor]").selectedOptions[0];
  const code = typed("picture");
  preview.hidden = !code || chosen.value === READY || "network" in chosen.dataset;
  if (preview.hidden) return;
  const query = new URLSearchParams([...LOOKED_AT.map((name) => [name, typed(name)]), ["size", size]]);
  const url = `${preview.dataset.url.replace("CODE", code)}?${query}`;
  if (preview.dataset.shown === url) return;
  preview.dataset.shown = url;
  clearTimeout(timers.get(preview));
  const timer = setTimeout(() => show(preview, url), QUIET_MS);
  timers.set(preview, timer);
}

async function show(preview, url) {
  const image = preview.querySelector("img");
  const words = preview.querySelector("[data-control-preview-words]");
  try {
    const picture = URL.createObjectURL(await (await ask(url)).blob());
    if (preview.dataset.shown !== url) return;
    URL.revokeObjectURL(image.src);
    image.src = picture;
    image.hidden = false;
    words.textContent = READS;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    image.hidden = true;
    words.textContent = error.message;
  }
}
