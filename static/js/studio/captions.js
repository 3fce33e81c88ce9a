// Captions save themselves when the field is left; Enter goes on to the next one.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

async function save(form) {
  try {
    const { tokens } = await (await post(form.action, new FormData(form))).json();
    const place = form.closest("figure").querySelector("[data-tokens]");
    if (tokens) place.textContent = tokens;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
}

function goOn(field) {
  const fields = [...document.querySelectorAll("[data-caption] textarea")];
  const next = fields[fields.indexOf(field) + 1];
  if (next) next.focus();
  else field.blur();
}

export function startCaptions(root) {
  root.addEventListener("change", (event) => {
    const form = event.target.closest("[data-caption]");
    if (form) save(form);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.closest("[data-caption]")) return;
    event.preventDefault();
    goOn(event.target);
  });
}
