// The actions of finished pictures: put into a tile when the pointer or the focus comes to it, reached from its link by arrow keys.

const STOPS = ".tile__picture, .tile__pick input, .tile__actions > :is(a, button), .tile__actions summary";
const FINISHED = '.tile[data-state="done"]';

/** A tile is named for its job on some pages; its link always leads to the picture. */
export const imageCodeOf = (link) => link.pathname.split("/").at(-2);

function fill(tile) {
  const template = document.getElementById("picture-actions");
  const link = tile.querySelector(".tile__picture");
  if (!template || !link || tile.querySelector(".tile__actions")) return;
  const code = imageCodeOf(link);
  const actions = template.content.cloneNode(true);
  for (const element of actions.querySelectorAll("[href], [formaction], [data-delete]")) {
    for (const name of ["href", "formaction", "data-delete"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace("CODE", code));
    }
  }
  for (const stop of actions.querySelectorAll(STOPS)) stop.tabIndex = -1;
  link.after(actions);
}

/** Left and right go from the picture to its actions and back; Tab goes on to the next tile. */
function step(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const tile = event.target.closest(FINISHED);
  if (
    !by ||
    !tile ||
    event.target.closest(".menu__sheet") ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.shiftKey
  )
    return;
  const stops = [...tile.querySelectorAll(STOPS)].filter((stop) => stop.offsetParent);
  const next = stops[stops.indexOf(event.target) + by];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

/** For all tiles in `root`, also those that come later. Where nothing hovers, each tile gets its menu at once. */
export function offerActions(root) {
  const near = (event) => {
    const tile = event.target.closest(FINISHED);
    if (tile) fill(tile);
  };
  root.addEventListener("pointerover", near);
  root.addEventListener("focusin", near);
  root.addEventListener("keydown", step);
  if (!matchMedia("(hover: none)").matches) return;
  const fillAll = () => root.querySelectorAll(FINISHED).forEach(fill);
  fillAll();
  new MutationObserver(fillAll).observe(root, { childList: true, subtree: true });
}
