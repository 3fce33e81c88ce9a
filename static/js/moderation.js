// The moderators' screen: arrows move from picture to picture, A approves or keeps, R asks for the reason of a no.

import { post, Refused } from "./ask.js";

const grid = document.querySelector("[data-moderation]");
const status = document.querySelector("[data-status]");

const cards = () => [...grid.querySelectorAll("[data-post]")];
const current = () => document.activeElement?.closest("[data-post]");

function go(card) {
  card?.querySelector("[data-open]").focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
}

/** How many cards stand in a row, as they are laid out now. */
function columns() {
  const [first, ...rest] = cards();
  return 1 + rest.findIndex((card) => card.offsetTop > first.offsetTop) || cards().length;
}

function step(by) {
  const all = cards();
  const place = all.indexOf(current());
  go(place < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, place + by))]);
}

function ask(card) {
  const no = card.querySelector("[data-no]");
  if (!no) return;
  no.open = true;
  no.querySelector("[name=reason]").focus();
}

function take(card) {
  const all = cards();
  const place = all.indexOf(card);
  card.remove();
  const tab = document.querySelector("[aria-current] [data-count]");
  if (tab) tab.textContent = Math.max(0, Number(tab.textContent) - 1);
  if (all.length > 1) go(cards()[Math.min(place, all.length - 2)]);
  document.querySelector("[data-none]").hidden = all.length > 1;
}

async function decide(form) {
  const card = form.closest("[data-post]");
  card.setAttribute("aria-busy", "true");
  try {
    const { detail } = await (await post(form.action, new FormData(form))).json();
    status.textContent = detail;
    take(card);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    card.removeAttribute("aria-busy");
    status.textContent = error.message;
    if (error.status === 400) ask(card);
  }
}

const KEYS = {
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => step(columns()),
  ArrowUp: () => step(-columns()),
  a: () => current()?.querySelector("[data-key=a]")?.click(),
  r: () => current() && ask(current()),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape" && event.target.name === "reason") {
      event.target.closest("[data-no]").open = false;
      go(event.target.closest("[data-post]"));
    }
    return;
  }
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

if (grid) {
  grid.addEventListener("submit", (event) => {
    event.preventDefault();
    decide(event.target);
  });
  document.addEventListener("keydown", press);
}
