// My pictures: picking many and deleting them, with a way back. The boxes are plain checkboxes of a plain form.
// Shift picks all between two boxes, Escape none.

import { post, Refused } from "./ask.js";
import { actOnPictures, offerUndo, takeOut } from "./pictures.js";
import { toast } from "./toast.js";

const grid = document.getElementById("pictures");
const form = document.getElementById("picked");
const bar = document.querySelector("[data-picked-bar]");
const pickAll = document.querySelector("[data-pick-all]");

const boxes = () => [...grid.querySelectorAll("[name=picked]")];
const picked = () => boxes().filter((box) => box.checked);

function showPicked() {
  const count = picked().length;
  bar.hidden = !count;
  bar.querySelector("[data-picked-count]").textContent = count;
  pickAll.disabled = count === boxes().length;
}

function pick(some, checked) {
  for (const box of some) box.checked = checked;
  showPicked();
}

/** A box that is pressed while Shift is held takes those since the last one with it. */
function pickRanges() {
  let held = false;
  let last = null;
  // Asked before the change: a click that a label passes on to its box may have lost the key.
  for (const type of ["pointerdown", "keydown"]) {
    grid.addEventListener(type, (event) => {
      held = event.shiftKey;
    });
  }
  grid.addEventListener("change", ({ target: box }) => {
    const all = boxes();
    const ends = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
    if (held && ends[0] >= 0) pick(all.slice(ends[0], ends[1] + 1), box.checked);
    else showPicked();
    last = box;
  });
}

function leaveByEscape(event) {
  if (event.key !== "Escape" || event.target.matches("[type=search]")) return;
  if (!document.querySelector("dialog[open], details.menu[open]")) pick(picked(), false);
}

/** The number of pictures follows what is taken out of the page and put back. */
function countAlong() {
  const words = document.querySelector("[data-total]");
  let total = Number(words.dataset.total);
  let here = boxes().length;
  new MutationObserver(() => {
    total += boxes().length - here;
    here = boxes().length;
    words.textContent = `${total.toLocaleString("en")} picture${total === 1 ? "" : "s"}`;
    showPicked();
  }).observe(grid, { childList: true });
}

async function deletePicked() {
  if (!picked().length) return;
  try {
    const { deleted } = await (await post(form.action, new FormData(form))).json();
    const tiles = deleted.map((code) => document.getElementById(`tile-${code}`));
    pick(picked(), false);
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
  pickRanges();
  countAlong();
  // In its way down: the menu that Escape closes is still open then.
  document.addEventListener("keydown", leaveByEscape, { capture: true });
  pickAll.addEventListener("click", () => pick(boxes(), true));
  bar.querySelector("[data-pick-none]").addEventListener("click", () => pick(picked(), false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    deletePicked();
  });
  showPicked();
}
