// Keeps the unsent form on the server, so that a reload, another tab or a phone shows it again.

import { post } from "../ask.js";

const QUIET_MS = 700;

export function keepDraft(form) {
  let timer = 0;
  let changes = 0;
  let saved = 0;

  function save({ keepalive = false } = {}) {
    clearTimeout(timer);
    if (form.inert) return;
    const upTo = changes;
    // The next change saves it again, so a failure is not shown.
    post(form.dataset.draftUrl, new FormData(form), { keepalive }).then(
      () => (saved = Math.max(saved, upTo)),
      () => {},
    );
  }

  // A reloaded page is asked for before it is hidden; one on a phone is hidden and may never be left. What is on its way
  // ends with the page, so it is sent again.
  for (const leaving of ["beforeunload", "pagehide"]) {
    addEventListener(leaving, () => saved < changes && save({ keepalive: true }));
  }
  /** Soon, when nobody types any more, or at once. */
  return (atOnce = false) => {
    changes += 1;
    clearTimeout(timer);
    timer = setTimeout(save, atOnce ? 0 : QUIET_MS);
  };
}
