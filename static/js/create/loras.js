// The LoRAs of the prompt as rows with sliders. Only the tags in the prompt count: a slider rewrites its tag, and typing moves
// the slider.

import { paintSliders } from "../slider.js";
import { readTags, removeTag, writeTag } from "./tags.js";

const FIRST_WEIGHT = 0.8;

export function startLoras(form) {
  const prompt = form.elements.prompt;

  function change(text) {
    prompt.value = text;
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function add({ lora, words }) {
    if (readTags(prompt.value).some((tag) => tag.name === lora)) return;
    const missing = (words || "").split(", ").filter((word) => word && !prompt.value.includes(word));
    const text = [prompt.value.trimEnd(), ...missing].filter(Boolean).join(", ");
    change(`${text} <lora:${lora}:${FIRST_WEIGHT}>`.trimStart());
  }

  function redraw() {
    const tags = readTags(prompt.value);
    const list = form.querySelector("[data-lora-rows]");
    const rows = [...list.children];
    if (rows.map((row) => row.dataset.name).join("\n") !== tags.map((tag) => tag.name).join("\n")) {
      list.replaceChildren(...tags.map((tag) => row(form, tag)));
    }
    for (const [index, tag] of tags.entries()) setWeight(list.children[index], tag.weight);
    list.hidden = !tags.length;
    form.querySelector("[data-lora-rows-empty]").hidden = tags.length > 0;
    paintSliders(list);
  }

  function tagOf(element) {
    const row = element.closest(".lora-row");
    return readTags(prompt.value)[[...row.parentElement.children].indexOf(row)];
  }

  form.addEventListener("input", (event) => {
    if (event.target.dataset.part === "slider")
      change(writeTag(prompt.value, tagOf(event.target), Number(event.target.value)));
    else if (event.target === prompt) redraw();
    else if (event.target.matches("[data-lora-search]")) filter(form, event.target.value);
  });
  form.addEventListener("click", (event) => {
    const option = event.target.closest("[data-lora]");
    if (option) add(option.dataset);
    const remove = event.target.closest("[data-part=remove]");
    if (remove) change(removeTag(prompt.value, tagOf(remove)));
  });
  redraw();
  return { redraw };
}

function row(form, { name }) {
  const made = form.querySelector("[data-lora-row]").content.firstElementChild.cloneNode(true);
  const part = (which) => made.querySelector(`[data-part="${which}"]`);
  const known = form.querySelector(`[data-lora="${CSS.escape(name)}"]`)?.dataset;
  const title = known?.title ?? name;
  made.dataset.name = name;
  part("title").textContent = title;
  part("initial").textContent = title[0];
  if (known?.picture) part("picture").src = known.picture;
  part("picture").hidden = !known?.picture;
  part("initial").hidden = Boolean(known?.picture);
  part("slider").setAttribute("aria-label", `Weight of ${title}`);
  part("remove").setAttribute("aria-label", `Remove ${title}`);
  return made;
}

function setWeight(row, weight) {
  const slider = row.querySelector("[data-part=slider]");
  if (Number(slider.value) !== weight) slider.value = weight;
  row.querySelector("[data-part=weight]").textContent = weight;
}

function filter(form, words) {
  const wanted = words.trim().toLowerCase();
  for (const option of form.querySelectorAll("[data-lora]")) {
    option.parentElement.hidden =
      !option.textContent.toLowerCase().includes(wanted) && !option.dataset.lora.includes(wanted);
  }
}
