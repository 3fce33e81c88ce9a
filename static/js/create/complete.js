// Completes names of LoRAs, embeddings and wildcard lists as one types, with a list that the keyboard can walk.

import { ask } from "../ask.js";
import { replaceRange } from "./places.js";

const MOST = 8;
const OPENINGS = [
  { kind: "lora", pattern: /<(?:lora|lyco):([^:>\n]*)$/i, least: 0 },
  { kind: "wildcard", pattern: /(?<!\w)__([\p{L}\p{N}_./-]*?)$/u, least: 0 },
  { kind: "embedding", pattern: /(?<![\p{L}\p{N}_<:])(\p{L}[\p{L}\p{N}_-]+)$/u, least: 2 },
];
const LABELS = { lora: "LoRA", wildcard: "List", embedding: "Embedding" };

export function startCompletion(form, fields) {
  const knownFor = new Map();

  function names() {
    const checkpoint = form.elements.checkpoint?.value ?? "";
    if (!knownFor.has(checkpoint)) {
      const url = `${form.dataset.namesUrl}?checkpoint=${encodeURIComponent(checkpoint)}`;
      const asked = ask(url).then((response) => response.json());
      knownFor.set(checkpoint, asked);
      asked.catch(() => knownFor.delete(checkpoint));
    }
    return knownFor.get(checkpoint).catch(() => ({}));
  }

  for (const [field, kinds] of fields) complete(field, kinds, names);
}

/** The name being typed at the caret: {kind, typed, start}, or null. */
export function openAt(text, caret, kinds) {
  const before = text.slice(0, caret);
  for (const { kind, pattern, least } of OPENINGS) {
    const match = kinds.includes(kind) && before.match(pattern);
    if (match) return match[1].length >= least ? { kind, typed: match[1], start: caret - match[1].length } : null;
  }
  return null;
}

/** Names that begin with what is typed before those that only hold it. */
export function matching(rows, typed) {
  const wanted = typed.toLowerCase();
  const place = ({ name, title = "" }) => {
    const at = name.toLowerCase().indexOf(wanted);
    return at >= 0 ? Math.min(at, 1) : title.toLowerCase().includes(wanted) ? 2 : -1;
  };
  const found = rows.filter((row) => place(row) >= 0 && row.name.toLowerCase() !== wanted);
  return found.sort((a, b) => place(a) - place(b)).slice(0, MOST);
}

function complete(field, kinds, names) {
  const list = field.parentElement.querySelector("[role=listbox]");
  let open = null;
  let current = -1;
  let turn = 0;

  function close() {
    turn++;
    open = null;
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  }

  async function look() {
    const mine = ++turn;
    const at = openAt(field.value, field.selectionStart, kinds);
    if (!at) return close();
    const found = matching((await names())[at.kind] ?? [], at.typed);
    if (mine !== turn) return;
    if (!found.length) return close();
    open = at;
    list.replaceChildren(...found.map((row, index) => option(list.id, row, at.kind, index)));
    list.hidden = false;
    choose(0);
  }

  function choose(index) {
    const options = [...list.children];
    current = (index + options.length) % options.length;
    for (const [place, each] of options.entries()) each.setAttribute("aria-selected", String(place === current));
    field.setAttribute("aria-activedescendant", options[current].id);
    options[current].scrollIntoView({ block: "nearest" });
  }

  function take(chosen) {
    const { kind, start } = open;
    const rest = field.value.slice(field.selectionStart);
    const [put, skip] = written(kind, chosen.dataset.name, rest);
    const end = field.selectionStart + skip;
    close();
    replaceRange(field, start, end, put);
    close();
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.ctrlKey || event.metaKey) return;
    const does = {
      ArrowDown: () => choose(current + 1),
      ArrowUp: () => choose(current - 1),
      Enter: () => take(list.children[current]),
      Tab: () => take(list.children[current]),
      Escape: close,
    }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
  list.addEventListener("pointerdown", (event) => {
    // The field keeps the focus, and with it the caret.
    event.preventDefault();
    const chosen = event.target.closest("[role=option]");
    if (chosen && open) take(chosen);
  });
}

/** The text of a completed name, and how many characters behind the caret it replaces. */
function written(kind, name, rest) {
  if (kind === "lora") return /^[^<>\n]*>/.test(rest) ? [name, rest.match(/^[^:>]*/)[0].length] : [`${name}:0.8>`, 0];
  if (kind === "wildcard") return rest.startsWith("__") ? [name, 0] : [`${name}__`, 0];
  return [name, rest.match(/^[\w-]*/)[0].length];
}

function option(listId, { name, title }, kind, index) {
  const made = document.createElement("li");
  made.id = `${listId}-${index}`;
  made.role = "option";
  made.dataset.name = name;
  const word = document.createElement("span");
  word.className = "completion__name clip";
  word.textContent = name;
  const label = document.createElement("span");
  label.className = "quiet small clip";
  label.textContent = title && title.toLowerCase() !== name.toLowerCase() ? `${LABELS[kind]} · ${title}` : LABELS[kind];
  made.append(word, label);
  return made;
}
