// Reads the recipe out of a picture: chosen with the button, or dropped anywhere on the page.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

export function startReading(form) {
  const reader = document.getElementById("read-picture");
  const chosen = document.getElementById("picture-to-read");

  async function read(file) {
    const fields = new FormData();
    fields.append("picture", file);
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

  chosen.addEventListener("change", () => chosen.files[0] && read(chosen.files[0]));
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
    if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
  });
}
