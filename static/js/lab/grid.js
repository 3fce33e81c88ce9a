// One grid fills in: its tiles follow the live line, and its head is asked for again whenever a cell has ended.

import { ask, elementsOf } from "../ask.js";
import { liveLine } from "../live.js";
import { actOnPictures } from "../pictures.js";
import { showFigures, showFrame, showPlace, swapTile } from "../create/tile.js";

const POLL_MS = 3000;
const HEAD_MS = 700;
const UNFINISHED = '.tile:is([data-state="queued"], [data-state="running"])';

const grid = document.getElementById("grid");
const head = document.getElementById("grid-head");
const tileOf = (code) => document.getElementById(`tile-${code}`);
const unfinished = () => [...grid.querySelectorAll(UNFINISHED)].map((tile) => tile.dataset.job);
const isDone = () => head.querySelector("[data-grid-state]").dataset.gridState !== "drawing";

let refreshing = Promise.resolve();
let headTimer = 0;

async function refreshHead() {
  const response = await ask(grid.dataset.headUrl).catch(() => null);
  if (response) head.replaceChildren(...(await elementsOf(response)));
  // The sheet itself comes a moment after its last cell.
  if (!isDone() && !unfinished().length) soonHead(3 * HEAD_MS);
}

function soonHead(after = HEAD_MS) {
  clearTimeout(headTimer);
  headTimer = setTimeout(refreshHead, after);
}

/** One question at a time, so that an older answer never overwrites a newer one. */
function refresh(codes) {
  const known = codes.filter(tileOf);
  if (!known.length) return;
  refreshing = refreshing.then(async () => {
    const query = new URLSearchParams(known.map((code) => ["code", code]));
    const response = await ask(`${grid.dataset.tilesUrl}?${query}`).catch(() => null);
    if (!response) return;
    await Promise.all((await elementsOf(response)).map((fresh) => swapTile(tileOf(fresh.dataset.job), fresh)));
    soonHead();
  });
}

function changed({ code, state }) {
  const tile = tileOf(code);
  if (tile && tile.dataset.state !== state) refresh([code]);
}

const messages = {
  job: changed,
  snapshot({ jobs }) {
    jobs.forEach(changed);
    const alive = new Set(jobs.map((job) => job.code));
    refresh(unfinished().filter((code) => !alive.has(code)));
  },
  places({ jobs }) {
    for (const job of jobs) showPlace(tileOf(job.code), job);
  },
};

function follow() {
  let poll = 0;
  liveLine({
    up() {
      clearInterval(poll);
      poll = 0;
    },
    down() {
      if (!poll) poll = setInterval(() => refresh(unfinished()), POLL_MS);
    },
    signedOut: () => location.reload(),
    message: (said) => messages[said.type]?.(said),
    async frame({ header, picture }) {
      const tile = tileOf(header.code);
      if (!tile) return;
      if (tile.dataset.state === "queued") refresh([header.code]);
      showFigures(tile, header);
      if (picture) await showFrame(tile, header.code, picture);
    },
  });
}

actOnPictures(grid, { restoreUrl: "/images/restore/", cancelled: (code) => setTimeout(() => refresh([code]), HEAD_MS) });
if (!isDone()) {
  follow();
  soonHead(2 * HEAD_MS);
}
