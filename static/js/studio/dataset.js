// The page of a data set: pictures come by drop or choice, captions save themselves, pictures are cropped and taken out.

import { ask, elementsOf, post, Refused } from "../ask.js";
import { toast } from "../toast.js";
import { startCaptions } from "./captions.js";
import { startCropping } from "./crop.js";
import { startUploading } from "./upload.js";

const page = document.getElementById("dataset");

/** Puts the table of pictures and the split as the server has them now in place of what is shown. */
async function refresh() {
  for (const fresh of await elementsOf(await ask(page.dataset.tableUrl))) {
    document.getElementById(fresh.id).replaceWith(fresh);
  }
}

async function takeOut(form) {
  try {
    await post(form.action, new FormData(form));
    await refresh();
    toast("Taken out.");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
}

page.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-remove]")) return;
  event.preventDefault();
  takeOut(event.target);
});
startUploading(document.getElementById("drop"), { refresh });
startCaptions(page);
startCropping(page, { refresh });
