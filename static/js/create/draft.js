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

  addEventListener("pagehide", () => timer && save({ keepalive: true }));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(save, QUIET_MS);
  };
}
