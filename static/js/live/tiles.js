// Keeps the tiles of a page current: by the live line, and while that is down by asking every few seconds.

import { ask, elementsOf } from "../ask.js";
import { actOnPictures } from "../pictures.js";
import { liveLine } from "./line.js";
import { codeOf, showFigures, showFrame, showPlace, swapTile, tileOf } from "./tile.js";

const POLL_MS = 3000;
const GRACE_MS = 1500;
const TILES_AT_ONCE = 64;
const UNFINISHED = '.tile:is([data-state="queued"], [data-state="running"])';

export const unfinishedIn = (root) => [...root.querySelectorAll(UNFINISHED)].map(codeOf);

/**
 * Follows the tiles inside `root`, which carries data-tiles-url.
 *
 * Handlers: replaced(old state or undefined, new state) for each tile that was asked for; refreshed() after an answer;
 * unknown(code) for a job that has no tile on this page.
 */
export function followTiles(root, { replaced = () => {}, refreshed = () => {}, unknown = () => {} }) {
  const stale = new Set();
  let refreshing = false;
  let poll = 0;

  /** One question at a time, so that an older answer never overwrites a newer one. */
  async function refresh(codes) {
    for (const code of codes) stale.add(code);
    if (refreshing) return;
    refreshing = true;
    try {
      while (stale.size) await replace([...stale].slice(0, TILES_AT_ONCE));
    } catch {
      // The live line or the next poll brings it.
    } finally {
      refreshing = false;
    }
    refreshed();
  }

  async function replace(codes) {
    for (const code of codes) stale.delete(code);
    const query = new URLSearchParams(codes.map((code) => ["code", code]));
    const fresh = await elementsOf(await ask(`${root.dataset.tilesUrl}?${query}`));
    for (const tile of fresh) replaced(tileOf(codeOf(tile))?.dataset.state, tile.dataset.state);
    await Promise.all(fresh.map((tile) => swapTile(tileOf(codeOf(tile)), tile)));
  }

  function changed({ code, state }) {
    const tile = tileOf(code);
    if (!tile) unknown(code);
    else if (tile.dataset.state !== state) refresh([code]);
  }

  const messages = {
    job: changed,
    snapshot({ jobs }) {
      jobs.forEach(changed);
      const alive = new Set(jobs.map((job) => job.code));
      refresh(unfinishedIn(root).filter((code) => !alive.has(code)));
    },
    places({ jobs }) {
      for (const job of jobs) showPlace(tileOf(job.code), job);
    },
  };

  liveLine({
    up() {
      clearInterval(poll);
      poll = 0;
    },
    down() {
      if (!poll) poll = setInterval(() => unfinishedIn(root).length && refresh(unfinishedIn(root)), POLL_MS);
    },
    signedOut: () => {
      // A visit of the staff gets no live news, after a reload as before.
      if (!document.querySelector(".visit-bar")) location.reload();
    },
    message: (message) => messages[message.type]?.(message),
    async frame({ header, picture }) {
      const tile = tileOf(header.code);
      if (!tile) return;
      if (tile.dataset.state === "queued") refresh([header.code]);
      showFigures(tile, header);
      if (picture) await showFrame(tile, header.code, picture);
    },
  });
  // A running job is cancelled by its worker, a moment after the answer to the form.
  actOnPictures(root, {
    changed: (code) => setTimeout(() => refresh([code]), GRACE_MS),
  });
}
