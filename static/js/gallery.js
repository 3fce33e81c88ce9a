// The endless scroll of the gallery: arrived pictures get their ratios where the browser's CSS cannot read them, and
// the address names the page and the picture in view, so that reloading and coming back end where one was.

import { justify } from "./justified.js";

const STILL_MS = 150;

document.addEventListener("htmx:afterSettle", () => justify());

/** The first picture that is more in view than not, so that going to it does not name the row above it. */
function firstInView() {
  const bar = document.querySelector(".bar")?.getBoundingClientRect().bottom ?? 0;
  return [...document.querySelectorAll(".justified > .picture-card[id]")].find((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return (top + bottom) / 2 > bar;
  });
}

/** The address of the page that the card came with, which stands before the page's first card. */
function pageOf(card) {
  let mark = card;
  while (mark && !mark.dataset.page) mark = mark.previousElementSibling;
  return mark?.dataset.page;
}

function namePlace() {
  const card = firstInView();
  const page = card && pageOf(card);
  if (!page) return;
  const isStart = !card.previousElementSibling?.previousElementSibling;
  history.replaceState(history.state, "", isStart ? page : `${page}#${card.id}`);
}

function goToPlace() {
  const place = location.hash && document.getElementById(location.hash.slice(1));
  if (place) place.scrollIntoView();
}

// The browser knows a height of a page that was longer then; the address knows the picture.
history.scrollRestoration = "manual";
goToPlace();

let still;
addEventListener(
  "scroll",
  () => {
    clearTimeout(still);
    still = setTimeout(namePlace, STILL_MS);
  },
  { passive: true },
);
