// The credits in the bar move on when a part of the page says how many are left.

export function showCredits(part) {
  const left = part.querySelector("[data-left]")?.dataset.left;
  if (left === undefined) return;
  for (const place of document.querySelectorAll("[data-credits]")) place.textContent = left;
}

document.addEventListener("htmx:afterSettle", (event) => showCredits(event.target));
