// Tells screen readers how many pictures were made or failed: gathered, and at most every five seconds.

const EVERY_MS = 5000;
const WORDS = { done: "ready", failed: "not made" };

export function announcer(place) {
  const counts = {};
  let timer = 0;

  function say() {
    timer = 0;
    const parts = Object.entries(counts).map(
      ([state, count]) => `${count} picture${count === 1 ? "" : "s"} ${WORDS[state]}`,
    );
    place.textContent = `${parts.join(", ")}.`;
    for (const state of Object.keys(counts)) delete counts[state];
  }

  return (before, now) => {
    if (before === now || !(now in WORDS)) return;
    counts[now] = (counts[now] ?? 0) + 1;
    if (!timer) timer = setTimeout(say, EVERY_MS);
  };
}
