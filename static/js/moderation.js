// The moderators' screen: arrows move from picture to picture, A approves or keeps, R asks for the reason of a no, U undoes.

import { post, Refused } from "./ask.js";

const SECONDS = 10;

const grid = document.querySelector("[data-moderation]");
const status = document.querySelector("[data-status]");
const undo = document.querySelector("[data-undo]");
let decided = null;
let timer = 0;

const cards = () => [...grid.querySelectorAll("[data-post]")];
const current = () => document.activeElement?.closest("[data-post]");

function go(card) {
  card?.querySelector("[data-open]").focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cards();
  const place = all.indexOf(current());
  go(place < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, place + by))]);
}

/** To the next row up or down that still has a card, as near to straight as there is one. */
function stepRow(by) {
  const here = current();
  if (!here) return step(by);
  const beyond = cards().filter((card) => by * (card.offsetTop - here.offsetTop) > 0);
  const near = (card) => [Math.abs(card.offsetTop - here.offsetTop), Math.abs(card.offsetLeft - here.offsetLeft)];
  go(beyond.sort((one, two) => near(one)[0] - near(two)[0] || near(one)[1] - near(two)[1])[0]);
}

function ask(card) {
  const no = card.querySelector("[data-no]");
  if (!no) return;
  no.open = true;
  no.querySelector("[name=reason]").focus();
}

/** One sentence above the foot of the window, for a moment; with the way back, where there is one. */
function tell(sentence, done = null) {
  clearTimeout(timer);
  if (!sentence && document.activeElement === undo) step(0);
  status.textContent = sentence;
  decided = done;
  undo.hidden = !done;
  if (sentence) timer = setTimeout(() => tell(""), SECONDS * 1000);
}

function count(counts) {
  for (const shown of document.querySelectorAll("[data-count]")) shown.textContent = counts[shown.dataset.count] ?? 0;
  const waits = Number(document.querySelector("[aria-current] [data-count]")?.textContent ?? 0);
  document.querySelector("[data-none]").hidden = cards().length > 0 || waits > 0;
  document.querySelector("[data-rest]").hidden = cards().length > 0 || waits === 0;
}

/** It stays where it is, out of reach: if it went, all others would move. */
function take(card) {
  const all = cards();
  const place = all.indexOf(card);
  card.dataset.decided = card.dataset.post;
  delete card.dataset.post;
  go(all[place + 1] ?? all[place - 1]);
  card.inert = true;
}

function giveBack(card) {
  card.dataset.post = card.dataset.decided;
  delete card.dataset.decided;
  card.inert = false;
  for (const no of card.querySelectorAll("[data-no]")) no.open = false;
  go(card);
}

async function decide(form) {
  const card = form.closest("[data-post]");
  if (!card || card.hasAttribute("aria-busy")) return;
  card.setAttribute("aria-busy", "true");
  try {
    const { detail, counts } = await (await post(form.action, new FormData(form))).json();
    take(card);
    count(counts);
    tell(detail, { card, address: form.action });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message);
    if (error.status === 400) ask(card);
  } finally {
    card.removeAttribute("aria-busy");
  }
}

async function takeBack() {
  if (!decided) return;
  const { card, address } = decided;
  const asked = new FormData();
  asked.set("code", card.dataset.decided);
  asked.set("verb", "undo");
  tell("");
  try {
    const { detail, counts } = await (await post(address, asked)).json();
    giveBack(card);
    count(counts);
    tell(detail);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message);
  }
}

const KEYS = {
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => stepRow(1),
  ArrowUp: () => stepRow(-1),
  a: () => current()?.querySelector("[data-key=a]")?.click(),
  r: () => current() && ask(current()),
  u: takeBack,
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
    // A rating is no decision: its plain form leads back to the list.
    if (!event.target.elements.verb) return;
    event.preventDefault();
    decide(event.target);
  });
  undo.addEventListener("click", takeBack);
  document.addEventListener("keydown", press);
}
