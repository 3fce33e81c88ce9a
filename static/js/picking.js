// Picking many pictures of a page: all at once, ranges with Shift, none by Escape. The boxes are plain checkboxes of a plain form.

/** Gives `boxes()`, `picked()`, `pick(boxes, checked)`, and `show()` for when boxes came or went. */
export function offerPicking({ grid, bar, pickAll }) {
  const boxes = () => [...grid.querySelectorAll("[name=picked]")];
  const picked = () => boxes().filter((box) => box.checked);

  function show() {
    const count = picked().length;
    bar.hidden = !count;
    bar.querySelector("[data-picked-count]").textContent = count;
    pickAll.disabled = count === boxes().length;
  }

  function pick(some, checked) {
    for (const box of some) box.checked = checked;
    show();
  }

  pickRanges(grid, boxes, pick, show);
  // In its way down: the menu that Escape closes is still open then.
  document.addEventListener("keydown", (event) => leaveByEscape(event, () => pick(picked(), false)), { capture: true });
  pickAll.addEventListener("click", () => pick(boxes(), true));
  bar.querySelector("[data-pick-none]").addEventListener("click", () => pick(picked(), false));
  show();
  return { boxes, picked, pick, show };
}

/** A box that is pressed while Shift is held takes those since the last one with it. */
function pickRanges(grid, boxes, pick, show) {
  let held = false;
  let last = null;
  // Asked before the change: a click that a label passes on to its box may have lost the key.
  for (const type of ["pointerdown", "keydown"]) {
    grid.addEventListener(type, (event) => {
      held = event.shiftKey;
    });
  }
  grid.addEventListener("change", ({ target: box }) => {
    const all = boxes();
    const ends = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
    if (held && ends[0] >= 0) pick(all.slice(ends[0], ends[1] + 1), box.checked);
    else show();
    last = box;
  });
}

function leaveByEscape(event, pickNone) {
  if (event.key !== "Escape" || event.target.matches("[type=search]")) return;
  if (!document.querySelector("dialog[open], details.menu[open]")) pickNone();
}
