// The Create form: sends without leaving the page, shows refusals at their fields, and keeps price and draft current.

import { ask, elementsOf, post, Refused } from "../ask.js";
import { paintSliders } from "../slider.js";
import { toast } from "../toast.js";
import { startBringing } from "./bring.js";
import { startCompletion } from "./complete.js";
import { startControls } from "./controls.js";
import { keepDraft } from "./draft.js";
import { startInspector } from "./inspector.js";
import { startLoras } from "./loras.js";
import { startPalette } from "./palette.js";
import { startQuote } from "./quote.js";
import { startReading } from "./read.js";
import { clearRefusal, clearRefusals, showRefusals } from "./refusals.js";
import { startSeed } from "./seed.js";
import { startSizes } from "./sizes.js";
import { startStarting } from "./start.js";
import { startWeights } from "./weights.js";

const DOUBLE_CLICK_MS = 350;
/** What a checkpoint recommends, with the words for it. */
const FOLLOWING = new Map([
  ["steps", "steps"],
  ["cfg_scale", "CFG"],
  ["sampler", "sampler"],
]);

export function startForm({ sending, sent, settled }) {
  const form = document.getElementById("create");
  const prompt = form.elements.prompt;
  const refreshQuote = startQuote(form);
  const saveDraft = keepDraft(form);
  const fields = [form.elements.prompt, form.elements.negative_prompt];
  startInspector(form);
  const start = startStarting(form);
  startBringing(form, { read: startReading(form), start: start.bring });
  startCompletion(form, [
    [fields[0], ["lora", "wildcard", "embedding"]],
    [fields[1], ["wildcard", "embedding"]],
  ]);
  fields.forEach(startWeights);
  const seed = startSeed(form);
  startSizes(form);
  startPalette(form);
  const loras = startLoras(form);
  const controls = startControls(form);
  let last = { at: -Infinity, fields: "" };

  async function send() {
    const press = { at: performance.now(), fields: fieldsOf(form) };
    if (press.fields === last.fields && press.at - last.at < DOUBLE_CLICK_MS) return;
    last = press;
    clearRefusals(form);
    sending();
    try {
      await Promise.all([start.saved(), controls.brought()]);
      const response = await post(form.action, new FormData(form));
      const [group] = await elementsOf(response);
      sent(group);
      seed.afterSending();
      if (matchMedia("(pointer: coarse)").matches) prompt.blur();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      last = { at: -Infinity, fields: "" };
      if (!showRefusals(form, error.errors)) toast(error.message);
    } finally {
      settled();
      refreshQuote();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("input", (event) => {
    clearRefusal(form, event.target);
    refreshQuote();
    // A picture or a mask changes the form itself; what is typed changes a field.
    saveDraft(event.target === form);
    summarise(form);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener("click", (event) => useExample(event, form));
  followCheckpoint(form, [loras, controls]);
  tidyAddress(saveDraft);
  foldOnSmallWindows(form);
  summarise(form);
  return { refreshQuote };
}

/** The form's fields as text, without the seed, which is emptied after sending. */
function fieldsOf(form) {
  const fields = new FormData(form);
  fields.delete("seed");
  return String(new URLSearchParams(fields));
}

function useExample(event, form) {
  const example = event.target.closest("[data-example]");
  if (!example || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  form.elements.prompt.value = example.dataset.example;
  form.elements.prompt.dispatchEvent(new Event("input", { bubbles: true }));
  form.elements.prompt.focus();
}

/** What the chosen checkpoint asks for, by field. */
function defaultsOf(form) {
  return JSON.parse(form.querySelector("#checkpoint-defaults")?.textContent ?? "{}");
}

/** Fields that stand as the last checkpoint had them take this one's values; what a person changed stays. */
function takeDefaults(form, before) {
  const taken = [];
  for (const [name, value] of Object.entries(defaultsOf(form))) {
    const field = form.elements[name];
    if (!FOLLOWING.has(name) || field.value !== (before[name] ?? "") || field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    taken.push(`${FOLLOWING.get(name)} ${value}`);
  }
  if (taken.length) toast(`As this checkpoint is used best: ${taken.join(", ")}.`);
}

/** Sizes, LoRAs, ControlNets and what is recommended depend on the checkpoint; one's own size and pictures stay. */
function followCheckpoint(form, parts) {
  form.elements.checkpoint?.addEventListener("change", async (event) => {
    const before = defaultsOf(form);
    const { value } = form.elements.size;
    const own = ["own", "source"].includes(value) && [form.elements.width.value, form.elements.height.value];
    const controls = [...new FormData(form)].filter(([name]) => /^control\d_/.test(name));
    const query = new URLSearchParams([["checkpoint", event.target.value], ...controls]);
    const response = await ask(`${form.dataset.choicesUrl}?${query}`);
    for (const fresh of await elementsOf(response)) {
      form.querySelector(`[data-choices="${fresh.dataset.choices}"]`).replaceChildren(...fresh.childNodes);
    }
    if (own) {
      form.elements.size.value = value;
      [form.elements.width.value, form.elements.height.value] = own;
    }
    takeDefaults(form, before);
    paintSliders(form);
    for (const part of parts) part.redraw();
    form.dispatchEvent(new Event("input"));
  });
}

/** The address named a recipe, which is filled in now; without the query a reload shows the draft. */
function tidyAddress(saveDraft) {
  if (!location.search) return;
  history.replaceState(null, "", location.pathname);
  saveDraft();
}

function foldOnSmallWindows(form) {
  if (matchMedia("(width < 1024px)").matches && !form.querySelector(".field__errors")) {
    form.querySelector(".prompt-card__options").open = false;
  }
}

function summarise(form) {
  const chosen = form.querySelector("[name=size]:checked");
  const size =
    chosen?.value === "own"
      ? `${form.elements.width.value} × ${form.elements.height.value}`
      : chosen?.closest("label").textContent.trim();
  const count = form.elements.count.value;
  form.querySelector("[data-summary]").textContent = `${size} · ${count} picture${count === "1" ? "" : "s"}`;
  const fields = new FormData(form);
  for (const words of form.querySelectorAll("[data-values-of]")) {
    words.textContent = fields.getAll(words.dataset.valuesOf).filter(Boolean).join(", ") || words.dataset.none;
  }
  form.querySelector("[data-negative-summary]").textContent = form.elements.negative_prompt.value.trim() || "empty";
  const steps = form.elements.steps.value;
  form.querySelector("[data-more-summary]").textContent =
    `${steps} step${steps === "1" ? "" : "s"}, ${form.elements.sampler.value}`;
}
