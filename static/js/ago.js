// “5 minutes ago” moves on: every <time data-ago> is written anew as the server would write it now.

const EVERY_MS = 20_000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Django's words for so many seconds ago; null where they begin to be a date more than an age. */
export function agoOf(seconds) {
  if (seconds < 1) return "now";
  if (seconds < MINUTE) return counted(Math.floor(seconds), "second", "a");
  if (seconds < HOUR) return counted(Math.floor(seconds / MINUTE), "minute", "a");
  if (seconds < DAY) return counted(Math.floor(seconds / HOUR), "hour", "an");
  return null;
}

function counted(count, unit, one) {
  return count === 1 ? `${one} ${unit} ago` : `${count}\u00a0${unit}s ago`;
}

function moveOn() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = agoOf((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (words) time.textContent = words;
  }
}

if (globalThis.document) setInterval(moveOn, EVERY_MS);
