// The job feed of the Create page: submissions, newest first, also those that another tab made.

import { ask, elementsOf } from "../ask.js";
import { tileOf } from "../live/tile.js";
import { followTiles } from "../live/tiles.js";
import { announcer } from "./announcer.js";

export function startFeed({ ended }) {
  const feed = document.getElementById("feed");
  const unknown = new Set();
  let held = 0;

  function add(group) {
    const known = document.getElementById(group.id);
    if (known) known.replaceWith(group);
    else feed.querySelector("[data-status]").after(group);
    feed.querySelector("[data-empty]").hidden = true;
    feed.querySelector("[data-more]").hidden = false;
  }

  /** A job that this page does not show: another tab made it, or our own submission whose answer has not arrived yet. */
  async function fetchSubmission(code) {
    unknown.add(code);
    if (held) return;
    for (const each of [...unknown]) {
      unknown.delete(each);
      if (tileOf(each)) continue;
      const response = await ask(feed.dataset.submissionUrl.replace("CODE", each)).catch(() => null);
      if (response) (await elementsOf(response)).forEach(add);
    }
  }

  followTiles(feed, {
    replaced: announcer(feed.querySelector("[data-status]")),
    refreshed: ended,
    unknown: fetchSubmission,
  });

  return {
    add,
    hold: () => (held += 1),
    release() {
      held -= 1;
      if (!held) [...unknown].forEach(fetchSubmission);
    },
  };
}
