// One grid fills in: its tiles are kept current, and its head is asked for again whenever a cell has ended.

import { ask, elementsOf } from "../ask.js";
import { showCredits } from "../credits.js";
import { followTiles, unfinishedIn } from "../live/tiles.js";
import { actOnPictures } from "../pictures.js";

const HEAD_MS = 700;

const grid = document.getElementById("grid");
const head = document.getElementById("grid-head");
const isDrawing = () => head.querySelector("[data-grid-state]").dataset.gridState === "drawing";

let headTimer = 0;

async function refreshHead() {
  const response = await ask(grid.dataset.headUrl).catch(() => null);
  if (response) head.replaceChildren(...(await elementsOf(response)));
  showCredits(head);
  // The sheet itself comes a moment after its last cell.
  if (isDrawing() && !unfinishedIn(grid).length) headSoon(3 * HEAD_MS);
}

function headSoon(after = HEAD_MS) {
  clearTimeout(headTimer);
  headTimer = setTimeout(refreshHead, after);
}

if (isDrawing()) {
  followTiles(grid, { refreshed: headSoon });
  headSoon(2 * HEAD_MS);
} else {
  actOnPictures(grid);
}
