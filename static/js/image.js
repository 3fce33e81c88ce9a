// The page of one picture: arrow keys turn to its neighbours, S stars it, and SVG is fetched as soon as it has been traced.

import { ask, elementsOf, post, Refused } from "./ask.js";
import { toast } from "./toast.js";

const POLL_MS = 800;

function turn(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], pre, details[open]")) return;
  if (event.key.toLowerCase() === "s") document.querySelector("[data-star]")?.click();
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (rel) document.querySelector(`a[rel=${rel}]`)?.click();
}

async function swap(response) {
  const [fresh] = await elementsOf(response);
  document.querySelector("[data-svg]").replaceWith(fresh);
  return fresh.dataset.svg;
}

async function trace(form) {
  try {
    let state = await swap(await post(form.action, new FormData(form)));
    while (state === "waiting") {
      await new Promise((done) => setTimeout(done, POLL_MS));
      state = await swap(await ask(document.querySelector("[data-svg]").dataset.svgUrl));
    }
    if (state === "ready") document.querySelector("[data-svg] a").click();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
}

document.addEventListener("keydown", turn);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-trace]")) return;
  event.preventDefault();
  trace(event.target);
});
