// My pictures: deleting and starring many without leaving the page, with a way back. What has no script here is sent plainly.

import { post, Refused } from "./ask.js";
import { codeOf, tileOf } from "./live/tile.js";
import { offerPicking } from "./picking.js";
import { actOnPictures, offerUndo, takeOut } from "./pictures.js";
import { toast } from "./toast.js";

const grid = document.getElementById("pictures");
const form = document.getElementById("picked");
const starUrl = document.querySelector("[data-star-picked]")?.getAttribute("formaction");

function say(error) {
  if (!(error instanceof Refused)) throw error;
  toast(error.message);
}

/** The number of pictures follows what is taken out of the page and put back. */
function countAlong(picking) {
  const words = document.querySelector("[data-total]");
  let total = Number(words?.dataset.total);
  let here = picking.boxes().length;
  new MutationObserver(() => {
    total += picking.boxes().length - here;
    here = picking.boxes().length;
    if (words) words.textContent = `${total.toLocaleString("en")} picture${total === 1 ? "" : "s"}`;
    picking.show();
  }).observe(grid, { childList: true });
}

async function deletePicked(picking) {
  if (!picking.picked().length) return;
  try {
    const { deleted } = await (await post(form.action, new FormData(form))).json();
    picking.pick(picking.picked(), false);
    offerUndo(
      deleted.length === 1 ? "Deleted." : `${deleted.length} pictures deleted.`,
      document.getElementById("picture-form").dataset.restoreUrl,
      deleted,
      takeOut(deleted.map(tileOf)),
    );
  } catch (error) {
    say(error);
  }
}

function paintStar(tile, starred) {
  tile.toggleAttribute("data-starred", starred);
  tile.querySelector(".tile__star")?.remove();
  if (!starred) return;
  const star = document.getElementById("starred").content.cloneNode(true);
  tile.querySelector(".tile__area").append(star);
}

/** Stars these tiles, or takes their stars off where all of them have one. */
async function star(tiles) {
  if (!tiles.length) return;
  const body = new FormData();
  for (const tile of tiles) body.append("picked", codeOf(tile));
  if (!tiles.every((tile) => tile.hasAttribute("data-starred"))) body.append("starred", "1");
  try {
    const { codes, starred } = await (await post(starUrl, body)).json();
    for (const code of codes) paintStar(tileOf(code), starred);
    toast(starred ? "Starred." : "Star taken off.");
  } catch (error) {
    say(error);
  }
}

/** S means what is picked; else the picture that is looked at large, has the focus, or is pointed at. */
function starByKey(event, pickedTiles) {
  if (event.key.toLowerCase() !== "s" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const large = document.getElementById("large");
  if (large.open) return void star([tileOf(large.dataset.code)]);
  const one = document.activeElement.closest(".tile") ?? grid.querySelector(".tile:hover");
  const tiles = pickedTiles();
  star(tiles.length ? tiles : one ? [one] : []);
}

/** Empty fields stay out of the address. */
function leaveOutEmpty({ target }) {
  if (!target.matches("[data-leaves-out-empty]")) return;
  for (const field of target.elements) field.disabled = field.matches("[name]") && !field.value;
}

document.addEventListener("submit", leaveOutEmpty);

if (grid) {
  const bar = document.querySelector("[data-picked-bar]");
  const picking = offerPicking({ grid, bar, pickAll: document.querySelector("[data-pick-all]") });
  const pickedTiles = () => picking.picked().map((box) => box.closest(".tile"));
  actOnPictures(grid);
  countAlong(picking);
  document.addEventListener("keydown", (event) => starByKey(event, pickedTiles));
  // Enter on a box would press the first button of the bar.
  grid.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[name=picked]")) event.preventDefault();
  });
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("[data-star]");
    if (button) star([button.closest(".tile")]);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-star-picked]")) star(pickedTiles());
    else if (!event.submitter || event.submitter.matches("[data-delete-picked]")) deletePicked(picking);
    else return;
    event.preventDefault();
  });
}
