// My pictures: picking many and deleting them, with a way back. The boxes are plain checkboxes of a plain form.

import { post, Refused } from "./ask.js";
import { actOnPictures, offerUndo, takeOut } from "./pictures.js";
import { toast } from "./toast.js";

const grid = document.getElementById("pictures");
const form = document.getElementById("picked");
const bar = document.querySelector("[data-picked-bar]");

const picked = () => [...grid.querySelectorAll("[name=picked]:checked")];

function showPicked() {
  const count = picked().length;
  bar.hidden = !count;
  bar.querySelector("[data-picked-count]").textContent = count;
  grid.classList.toggle("tiles--picking", count > 0);
}

function unpick() {
  for (const box of picked()) box.checked = false;
  showPicked();
}

async function deletePicked() {
  const boxes = picked();
  if (!boxes.length) return;
  try {
    const { deleted } = await (await post(form.action, new FormData(form))).json();
    const tiles = deleted.map((code) => document.getElementById(`tile-${code}`));
    unpick();
    offerUndo(
      deleted.length === 1 ? "Deleted." : `${deleted.length} pictures deleted.`,
      document.getElementById("picture-form").dataset.restoreUrl,
      deleted,
      takeOut(tiles),
    );
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
}

if (grid) {
  actOnPictures(grid);
  grid.addEventListener("change", showPicked);
  bar.querySelector("[data-pick-none]").addEventListener("click", unpick);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    deletePicked();
  });
  showPicked();
}
