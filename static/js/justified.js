// Gives justified rows their ratios in browsers whose CSS cannot read data-ratio itself.

const readsAttributes = CSS.supports("width: attr(data-w type(<length>), 1px)");

export function justify(root = document) {
  if (readsAttributes) return;
  for (const item of root.querySelectorAll(".justified > [data-ratio]")) {
    item.style.setProperty("--ratio", item.dataset.ratio);
  }
}

document.addEventListener("htmx:load", (event) => justify(event.target));
justify();
