// The operator's page, live: what was read is read again every few seconds; the form above it stays as it is.

const EVERY_MS = 5000;

async function lookAgain() {
  const live = document.querySelector("[data-live]");
  // Whoever is about to press a button finds it where it was.
  if (document.hidden || !live || live.contains(document.activeElement)) {
    return;
  }
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) {
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const read = page.querySelector("[data-live]");
  if (read) {
    live.replaceWith(document.adoptNode(read));
  }
}

setInterval(() => lookAgain().catch(() => {}), EVERY_MS);
