// Places in a text: the server counts characters, a browser counts UTF-16 units.

/** For each character of `text` the unit where it begins, and after the last the length of the text. */
export function unitsOf(text) {
  const starts = [];
  let unit = 0;
  for (const character of text) {
    starts.push(unit);
    unit += character.length;
  }
  starts.push(unit);
  return starts;
}

/** Replaces text[start:end] of a field, keeps undo where the browser can, and tells everybody who listens. */
export function replaceRange(field, start, end, text, select = [start + text.length, start + text.length]) {
  field.focus();
  field.setSelectionRange(start, end);
  // The old command is the only one that joins the field's undo history.
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(...select);
}
