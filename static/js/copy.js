// Copies data-copy's text (or, with data-copy-from, another element's) and says so on the button itself for a moment.

const SHOWN_FOR_MS = 1600;

function textFor(button) {
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  return source ? (source.value ?? source.textContent).trim() : button.dataset.copy;
}

async function copy(button) {
  const label = button.querySelector("[data-copy-label]") ?? button;
  if (button.dataset.copying) return;
  button.dataset.copying = "yes";
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(textFor(button));
    label.textContent = "Copied";
  } catch {
    label.textContent = "Could not copy";
  }
  setTimeout(() => {
    label.textContent = before;
    delete button.dataset.copying;
  }, SHOWN_FOR_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (button) copy(button);
});
