// The endless scroll of the gallery: arrived pictures get their ratios where the browser's CSS cannot read them, nothing
// that is in view moves when they come, and the address names the page and the picture in view, so that reloading and
// coming back end where one was.

import { justify } from "./justified.js";

const STILL_MS = 150;

const cards = () => [...document.querySelectorAll(".justified > .picture-card")];

function showAll() {
  for (const card of cards()) card.hidden = false;
}

/** Hides the last row while another page is to come: what arrives fills that row, and would move what stands in it. */
function holdBack() {
  showAll();
  const last = cards().at(-1);
  if (!last || !document.querySelector(".justified > .gallery__more")) return;
  const row = cards().filter((card) => card.offsetTop === last.offsetTop);
  const isNamed = row.some((card) => card.id && location.hash === `#${card.id}`);
  if (row.length === cards().length || isNamed) return;
  for (const card of row) card.hidden = true;
}

// In the same moment as the pictures come: one later they would be seen where they do not stay.
document.addEventListener("htmx:afterSwap", () => {
  justify();
  holdBack();
});
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, showAll);
}
addEventListener("resize", holdBack);

/** The first picture that is more in view than not, so that going to it does not name the row above it. */
function firstInView() {
  const bar = document.querySelector(".bar")?.getBoundingClientRect().bottom ?? 0;
  return cards().find((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return card.id && (top + bottom) / 2 > bar;
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
holdBack();

let still;
addEventListener(
  "scroll",
  () => {
    clearTimeout(still);
    still = setTimeout(namePlace, STILL_MS);
  },
  { passive: true },
);
