// The price on the button and the credits left beside it, asked of the server whenever the form or the balance changed.

import { ask } from "../ask.js";

const QUIET_MS = 120;
const PRICED = [
  /^(checkpoint|size|width|height|steps|sampler|count|carried)$/,
  /^(source|mask|start_strength|area|padding|grow_(left|top|right|bottom))$/,
  /^hires(_scale|_steps|_strength|_upscaler)?$/,
  /^control\d_(name|picture|preprocessor|weight|start|end)$/,
];

export function startQuote(form) {
  const button = form.querySelector("[data-make]");
  let timer = 0;
  let running = null;

  async function refresh() {
    running?.abort();
    running = new AbortController();
    const fields = [...new FormData(form)];
    const query = new URLSearchParams(fields.filter(([name]) => PRICED.some((names) => names.test(name))));
    try {
      const response = await ask(`${form.dataset.priceUrl}?${query}`, { signal: running.signal });
      show(await response.json());
    } catch {
      // Aborted by a newer request, or the site is unreachable; sending the form shows the error.
    }
  }

  function show({ count, credits, left, enough, sentence, queue }) {
    form.querySelector("[data-count]").textContent = count;
    form.querySelector("[data-price]").textContent = credits ?? "";
    form.querySelector("[data-unit]").textContent = credits === 1 ? "credit" : "credits";
    form.querySelector(".button__price").hidden = credits === null;
    for (const place of document.querySelectorAll("[data-credits]")) place.textContent = left;
    const dear = form.querySelector("[data-dear]");
    dear.textContent = sentence;
    dear.hidden = enough;
    button.disabled = !enough;
    showQueue(queue);
  }

  // Set here and not in the HTML: without scripts nothing would enable the button again.
  button.disabled = !form.querySelector("[data-dear]").hidden;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, QUIET_MS);
  };
}

function showQueue({ count, percent }) {
  for (const ring of document.querySelectorAll("[data-queue]")) {
    ring.hidden = !count;
    ring.querySelector("[data-queue-count]").textContent = count;
    ring.querySelector("[data-queue-ring]").setAttribute("stroke-dasharray", `${percent} 100`);
  }
}
