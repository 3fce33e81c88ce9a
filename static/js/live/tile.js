// One tile: its place in the line, its figures, its preview, and its change into what the server says it is now.

const frames = new Map();
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };
const DECODE_MS = 1500;
const ID = "tile-";

export const tileOf = (code) => document.getElementById(ID + code);
/** The code of the job or the picture that a tile shows. */
export const codeOf = (tile) => tile.id.slice(ID.length);

export function showPlace(tile, { place, reason }) {
  const words = tile?.querySelector("[data-tile=place]");
  if (!words) return;
  words.textContent = place === 1 ? "Next in line" : `${place}${ENDINGS[ordinals.select(place)]} in line`;
  write(tile, "reason", reason);
}

export function showFigures(tile, { percent, step, total, seconds_left: left, note }) {
  tile.style.setProperty("--done", String(percent / 100));
  write(tile, "percent", `${percent} %`);
  write(tile, "step", `${step} of ${total}`);
  write(tile, "seconds", note || (left >= 1 ? `${Math.round(left)} s left` : ""));
  const line = tile.querySelector("[data-tile=line]");
  if (line) line.value = percent;
}

function write(tile, name, text) {
  const place = tile.querySelector(`[data-tile=${name}]`);
  if (place) place.textContent = text;
}

/** Shows a preview and returns once it is on the screen, so that the next one is asked for no sooner. */
export async function showFrame(tile, code, picture) {
  const url = URL.createObjectURL(picture);
  const before = frames.get(code);
  frames.set(code, url);
  await paint(tile, url);
  if (before) URL.revokeObjectURL(before);
}

async function paint(tile, url) {
  const image = tile.querySelector("[data-tile=preview]");
  if (!image) return;
  image.src = url;
  await image.decode().catch(() => {});
}

/** Puts the fresh tile in the old one's place. A finished picture is decoded first, so that it does not flash. */
export async function swapTile(old, fresh) {
  if (!old) return;
  const code = codeOf(fresh);
  if (fresh.dataset.state === "running") {
    if (frames.has(code)) await paint(fresh, frames.get(code));
    fresh.style.setProperty("--done", old.style.getPropertyValue("--done") || "0");
  } else {
    await decoded(fresh.querySelector(".tile__picture img"));
  }
  if (unchanged(old, fresh)) return;
  old.replaceWith(fresh);
  if (fresh.dataset.state !== "running" && frames.has(code)) {
    URL.revokeObjectURL(frames.get(code));
    frames.delete(code);
  }
}

function unchanged(old, fresh) {
  return old.dataset.state === fresh.dataset.state && fresh.dataset.state === "done";
}

async function decoded(image) {
  if (!image) return;
  image.loading = "eager";
  await Promise.race([image.decode().catch(() => {}), new Promise((done) => setTimeout(done, DECODE_MS))]);
}
