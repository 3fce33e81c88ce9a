// The stage: tiles follow the live line, and while that is down they are asked for every few seconds.

import { ask, elementsOf } from "../ask.js";
import { liveLine } from "../live.js";
import { actOnPictures } from "../pictures.js";
import { announcer } from "./announcer.js";
import { showFigures, showFrame, showPlace, swapTile } from "./tile.js";

const POLL_MS = 3000;
const GRACE_MS = 1500;
const UNFINISHED = '.tile:is([data-state="queued"], [data-state="running"])';

export function startStage({ ended }) {
  const stage = document.getElementById("stage");
  const announce = announcer(stage.querySelector("[data-said]"));
  const stale = new Set();
  const strangers = new Set();
  let refreshing = false;
  let held = 0;
  let poll = 0;

  const tileOf = (code) => document.getElementById(`tile-${code}`);
  const unfinished = () => [...stage.querySelectorAll(UNFINISHED)].map((tile) => tile.dataset.job);

  function add(group) {
    const known = document.getElementById(group.id);
    if (known) known.replaceWith(group);
    else stage.querySelector("[data-said]").after(group);
    stage.querySelector("[data-empty]").hidden = true;
    stage.querySelector("[data-more]").hidden = false;
  }

  /** Ask for tiles again, one question at a time, so that an older answer never overwrites a newer one. */
  async function refresh(codes) {
    for (const code of codes) stale.add(code);
    if (refreshing) return;
    refreshing = true;
    while (stale.size) {
      const asked = [...stale].slice(0, 64);
      for (const code of asked) stale.delete(code);
      try {
        const query = new URLSearchParams(asked.map((code) => ["code", code]));
        const fresh = await elementsOf(await ask(`${stage.dataset.tilesUrl}?${query}`));
        fresh.forEach((tile) => announce(tileOf(tile.dataset.job)?.dataset.state, tile.dataset.state));
        await Promise.all(fresh.map((tile) => swapTile(tileOf(tile.dataset.job), tile)));
      } catch {
        break; // The line or the next poll brings it.
      }
    }
    refreshing = false;
    ended();
  }

  /** A job that this page does not show: another tab made it. While our own press is on its way it may be that one. */
  async function meet(code) {
    strangers.add(code);
    if (held) return;
    for (const each of [...strangers]) {
      strangers.delete(each);
      if (tileOf(each)) continue;
      const response = await ask(`/jobs/${each}/submission/`).catch(() => null);
      if (response) (await elementsOf(response)).forEach(add);
    }
  }

  function changed({ code, state }) {
    const tile = tileOf(code);
    if (!tile) meet(code);
    else if (tile.dataset.state !== state) refresh([code]);
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

  liveLine({
    up() {
      clearInterval(poll);
      poll = 0;
    },
    down() {
      if (!poll) poll = setInterval(() => unfinished().length && refresh(unfinished()), POLL_MS);
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
  actOnPictures(stage, { restoreUrl: stage.dataset.restoreUrl, changed: (code) => setTimeout(() => refresh([code]), GRACE_MS) });

  return {
    add,
    hold: () => (held += 1),
    release() {
      held -= 1;
      if (!held) [...strangers].forEach(meet);
    },
  };
}
