// Reads a recipe out of a picture that was brought, or out of its pasted text.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

/** Whether a text has the line that A1111 and its likes write below the prompts: "Steps: 20, Sampler: Euler a, ...". */
export function hasParameters(text) {
  return /(^|\n)\s*Steps: \d+, *[A-Z][\w ]*: /.test(text);
}

export function startReading(form) {
  const reader = document.getElementById("read-picture");

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
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  }

  // The text stays where it was pasted: it may be meant as words.
  form.elements.prompt.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!hasParameters(text)) return;
    toast("This is a picture’s text, with its parameters.", {
      undo: () => read("text", text),
      label: "Fill in its recipe",
    });
  });
  return (file) => read("picture", file);
}
