// Cancels, prefers, deletes and restores pictures without leaving the page. Without scripts the same forms are sent plainly.

import { post, Refused } from "./ask.js";
import { toast } from "./toast.js";

function say(error) {
  if (!(error instanceof Refused)) throw error;
  toast(error.message);
}

export async function restore(url, codes) {
  const body = new FormData();
  for (const code of codes) body.append("picked", code);
  await post(url, body);
}

/** Takes tiles out of the page; the returned function puts them back where they were. */
export function takeOut(tiles) {
  const places = tiles.map((tile) => {
    const mark = document.createComment("deleted");
    tile.replaceWith(mark);
    return { tile, mark };
  });
  foldEmptyGroups();
  return () => {
    for (const { tile, mark } of places) mark.replaceWith(tile);
    foldEmptyGroups();
  };
}

function foldEmptyGroups() {
  for (const group of document.querySelectorAll("[data-submission]")) group.hidden = !group.querySelector(".tile");
}

export function offerUndo(sentence, restoreUrl, codes, putBack) {
  const undo = async () => {
    try {
      await restore(restoreUrl, codes);
      putBack();
    } catch (error) {
      say(error);
    }
  };
  toast(sentence, { undo });
}

async function remove(form, restoreUrl) {
  const tile = form.closest(".tile");
  try {
    await post(form.action, new FormData(form));
  } catch (error) {
    return say(error);
  }
  tile.querySelector("details[open]")?.removeAttribute("open");
  offerUndo("Deleted.", restoreUrl, [form.dataset.delete], takeOut([tile]));
}

async function send(form) {
  try {
    await post(form.action, new FormData(form));
  } catch (error) {
    say(error);
  }
}

/** Forms inside `root` that carry data-delete, data-cancel or data-prefer; after the last two, `changed(code)` is called. */
export function actOnPictures(root, { restoreUrl, changed = () => {} }) {
  root.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("[data-delete]") && form.closest(".tile")) {
      event.preventDefault();
      await remove(form, restoreUrl);
    } else if (form.matches("[data-cancel], [data-prefer]")) {
      event.preventDefault();
      await send(form);
      changed(form.closest("[data-job]").dataset.job);
    }
  });
}
