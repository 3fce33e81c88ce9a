// Reads a recipe out of a picture, chosen with the button or dropped anywhere on the page, or out of its pasted text.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

/** Whether a text has the line that A1111 and its likes write below the prompts: "Steps: 20, Sampler: Euler a, ...". */
export function hasParameters(text) {
  return /(^|\n)\s*Steps: \d+, *[A-Z][\w ]*: /.test(text);
}

export function startReading(form) {
  const reader = document.getElementById("read-picture");
  const chosen = document.getElementById("picture-to-read");

  async function read(name, value) {
    const fields = new FormData();
    fields.append(name, value);
    // Also keeps the draft from being saved over the recipe that is about to be filled in.
    form.inert = true;
    try {
      await post(reader.action, fields);
      location.assign(form.action);
    } catch (error) {
      form.inert = false;
      chosen.value = "";
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  }

  chosen.addEventListener("change", () => chosen.files[0] && read("picture", chosen.files[0]));
  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    form.classList.add("prompt-card--dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("prompt-card--dropping"));
  addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    form.classList.remove("prompt-card--dropping");
    if (event.dataTransfer.files[0]) read("picture", event.dataTransfer.files[0]);
  });
  // The text stays where it was pasted: it may be meant as words.
  form.elements.prompt.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!hasParameters(text)) return;
    toast("This is a picture’s text, with its parameters.", {
      undo: () => read("text", text),
      label: "Fill in its recipe",
    });
  });
}
