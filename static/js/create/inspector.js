// Asks what is wrong in the prompt once the typing pauses. Places are counted in characters, as the server counts them.

import { elementsOf, post } from "../ask.js";

const PAUSE_MS = 700;

export function startInspector(form) {
  const prompt = form.elements.prompt;
  const place = form.querySelector("[data-problems]");
  let timer = 0;
  let asked = 0;

  async function look() {
    const mine = ++asked;
    const fields = new FormData();
    fields.append("prompt", prompt.value);
    fields.append("checkpoint", form.elements.checkpoint?.value ?? "");
    const fresh = await post(place.dataset.problems, fields).then(elementsOf, () => null);
    if (fresh && mine === asked) place.replaceChildren(...fresh);
  }

  function unitsBefore(characters) {
    return [...prompt.value].slice(0, characters).join("").length;
  }

  place.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-start]");
    if (!pressed) return;
    const start = unitsBefore(Number(pressed.dataset.start));
    const end = unitsBefore(Number(pressed.dataset.end));
    prompt.focus();
    prompt.setSelectionRange(start, end);
    if (!pressed.dataset.suggestion) return;
    const wrong = prompt.value.slice(start, end);
    const named = wrong.match(/^<\w+:/)?.[0];
    const right = named ? `${named}${pressed.dataset.suggestion}${wrong.slice(named.length).replace(/^[^:>]*/, "")}` : pressed.dataset.suggestion;
    prompt.setRangeText(right, start, end, "end");
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
  });

  return () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  };
}
