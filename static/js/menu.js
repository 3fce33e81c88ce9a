// Menus and explanations are <details>: this closes them on a click elsewhere, on Escape, and when another one opens.

const SELECTOR = "details.menu, details.explain";

function close(except) {
  for (const open of document.querySelectorAll(`:is(${SELECTOR})[open]`)) {
    if (!except || !open.contains(except)) open.open = false;
  }
}

document.addEventListener("click", (event) => close(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest(`:is(${SELECTOR})[open]`);
  close();
  open?.querySelector("summary")?.focus();
});

document.addEventListener("focusin", (event) => close(event.target));
