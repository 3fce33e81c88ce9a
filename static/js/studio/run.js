// The page of a training: figures follow the live line, and its parts are fetched again as it learns.

import { ask, elementsOf, post, Refused } from "../ask.js";
import { showCredits } from "../credits.js";
import { liveLine } from "../live/line.js";
import { toast } from "../toast.js";
import { readUnderFinger } from "./reading.js";

const POLL_MS = 3000;
const CURVE_EVERY_MS = 1500;
const NOTED_MS = 1000;
const page = document.getElementById("run");
const partOf = (name) => page.querySelector(`[data-part=${name}]`);
const stale = new Set();
let fetching = false;
let curveTimer = 0;
let poll = 0;

const isLive = () => Boolean(page.querySelector("[data-live]"));

/** Fetches parts of the page again, one at a time, so that an older answer never overwrites a newer one. */
async function refresh(...names) {
  for (const name of names) stale.add(name);
  if (fetching) return;
  fetching = true;
  try {
    while (stale.size) {
      const [name] = stale;
      stale.delete(name);
      await put(name);
    }
  } catch {
    stale.clear(); // The line or the next poll brings it.
  } finally {
    fetching = false;
  }
}

async function put(name) {
  const fresh = await elementsOf(await ask(page.dataset.partsUrl.replace("/head/", `/${name}/`)));
  const part = partOf(name);
  if (name === "sheet")
    await Promise.all(fresh.flatMap((element) => [...element.querySelectorAll("img")].map(decoded)));
  const scrolled = part.querySelector(".sheet")?.scrollLeft ?? 0;
  const unfolded = Boolean(part.querySelector("details.fold[open]"));
  part.replaceChildren(...fresh);
  showCredits(part);
  part.querySelector(".sheet")?.scrollTo(scrolled, 0);
  if (unfolded) part.querySelector("details.fold").open = true;
}

function decoded(image) {
  image.loading = "eager";
  return image.decode().catch(() => {});
}

function laterCurve() {
  if (curveTimer || document.visibilityState === "hidden") return;
  curveTimer = setTimeout(() => {
    curveTimer = 0;
    refresh("curve");
  }, CURVE_EVERY_MS);
}

function write(name, text) {
  const place = page.querySelector(`[data-figure=${name}]`);
  if (place) place.textContent = text;
}

function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return "";
  return seconds < 90 ? ` · ${Math.max(1, Math.round(seconds))} s left` : ` · ${Math.round(seconds / 60)} min left`;
}

const messages = {
  progress({ step, steps, loss, validation, seconds_left: left }) {
    write("told", `${step.toLocaleString("en")} of ${steps.toLocaleString("en")} steps${timeLeft(left)}`);
    if (typeof loss === "number") write("loss", loss.toFixed(3));
    if (typeof validation === "number") write("validation", validation.toFixed(3));
    const line = page.querySelector("[data-figure=line]");
    if (line) line.value = step;
    laterCurve();
  },
  snapshot({ step }) {
    page.querySelector("[data-status]").textContent = `New samples, step ${step}.`;
    refresh("head", "curve", "sheet");
  },
  state({ state }) {
    page.querySelector("[data-status]").textContent = `The training is now: ${state}.`;
    refresh("head", "curve", "sheet");
  },
};

async function control(form) {
  try {
    await post(form.action, new FormData(form));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
  refresh("head", "curve");
}

page.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-control]")) return;
  event.preventDefault();
  control(event.target);
});
page.addEventListener("click", (event) => {
  // The head says what a downloaded snapshot costs, once the server has noted that it was.
  if (event.target.closest("a[download]")) setTimeout(() => refresh("head"), NOTED_MS);
});
readUnderFinger(page);

if (isLive()) {
  liveLine(
    {
      up() {
        clearInterval(poll);
        poll = 0;
        refresh("head", "curve", "sheet");
      },
      down() {
        if (!poll) poll = setInterval(() => isLive() && refresh("head", "curve", "sheet"), POLL_MS);
      },
      signedOut: () => location.reload(),
      message: (message) => messages[message.type]?.(message),
      frame() {},
    },
    `/ws/runs/${page.dataset.run}/`,
  );
}
