// Keeps the unsent form on the server, so that a reload, another tab or a phone shows it again.

import { post } from "../ask.js";

const QUIET_MS = 700;

export function keepDraft(form) {
  let timer = 0;

  function save({ keepalive = false } = {}) {
    clearTimeout(timer);
    timer = 0;
    if (form.inert) return;
    // The next change saves it again, so a failure is not shown.
    post(form.dataset.draftUrl, new FormData(form), { keepalive }).catch(() => {});
  }

  // A page that is reloaded is asked for before it is hidden; one on a phone may be hidden and never left.
  for (const leaving of ["beforeunload", "pagehide"])
    addEventListener(leaving, () => timer && save({ keepalive: true }));
  /** Soon, when nobody types any more, or at once. */
  return (atOnce = false) => {
    clearTimeout(timer);
    timer = setTimeout(save, atOnce ? 0 : QUIET_MS);
  };
}
