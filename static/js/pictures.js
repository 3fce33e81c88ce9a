// Cancels, prefers, deletes and restores pictures without leaving the page. Without scripts the same forms are sent plainly.

import { post, Refused } from "./ask.js";
import { offerActions } from "./live/actions.js";
import { openLarge } from "./live/large.js";
import { codeOf } from "./live/tile.js";
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
    tiles[0]?.querySelector("a")?.focus();
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
  toast(sentence, { undo, focus: true });
}

/** Deletes one picture; the focus goes to the way back, since the button that had it is gone. */
async function remove(button, form) {
  const tile = button.closest(".tile");
  if (!(await send(button, form))) return;
  tile.querySelector("details[open]")?.removeAttribute("open");
  offerUndo("Deleted.", form.dataset.restoreUrl, [button.dataset.delete], takeOut([tile]));
}

/** True if the server took it; a refusal is said. */
async function send(button, form) {
  try {
    await post(button.formAction, new FormData(form, button));
    return true;
  } catch (error) {
    say(error);
    return false;
  }
}

/** Of one submission, or of the whole page where the button stands in none. */
async function cancelAll(button, form, changed) {
  const scope = button.closest("[data-submission]") ?? document;
  const codes = [...scope.querySelectorAll('.tile:is([data-state="queued"], [data-state="running"])')].map(codeOf);
  if (await send(button, form)) codes.forEach(changed);
}

/**
 * The buttons of tiles inside `root`, which all send #picture-form: data-delete, data-cancel, data-prefer and
 * data-cancel-all. After all but the first, `changed(code)` is called.
 */
export function actOnPictures(root, { changed = () => {} } = {}) {
  offerActions(root);
  openLarge(root);
  document.getElementById("picture-form").addEventListener("submit", async (event) => {
    const { submitter: button, target: form } = event;
    if (!button || !root.contains(button)) return;
    event.preventDefault();
    if (button.matches("[data-delete]")) await remove(button, form);
    else if (button.matches("[data-cancel-all]")) await cancelAll(button, form, changed);
    else if (await send(button, form)) changed(codeOf(button.closest(".tile")));
  });
}
