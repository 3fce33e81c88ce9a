// The job feed of the Create page: submissions, newest first, also those that another tab made.

import { ask, elementsOf } from "../ask.js";
import { followTiles, tileOf } from "../live/tiles.js";
import { announcer } from "./announcer.js";

export function startFeed({ ended }) {
  const feed = document.getElementById("feed");
  const unknown = new Set();
  let held = 0;

  function add(group) {
    const known = document.getElementById(group.id);
    if (known) known.replaceWith(group);
    else feed.querySelector("[data-said]").after(group);
    feed.querySelector("[data-empty]").hidden = true;
    feed.querySelector("[data-more]").hidden = false;
  }

  /** A job that this page does not show: another tab made it. While our own press is on its way it may be that one. */
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
    replaced: announcer(feed.querySelector("[data-said]")),
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
