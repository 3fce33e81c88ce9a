// Ctrl+Up and Ctrl+Down in a prompt: more or less weight for the selection, the word at the caret, or a LoRA tag.

import { replaceRange } from "./places.js";

const STEP = 0.1;
const LORA_STEP = 0.05;
const LORA = /<(?:lora|lyco):[^>]*>/gi;
const WEIGHTED = /\(([^()]*?):(-?\d*\.?\d+)\)/g;
const WORD = /[^\s,()[\]<>:|{}]+/g;

export function startWeights(field) {
  field.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const change = changed(field.value, field.selectionStart, field.selectionEnd, event.key === "ArrowUp" ? 1 : -1);
    if (!change) return;
    event.preventDefault();
    replaceRange(field, change.start, change.end, change.text, change.select);
  });
}

/** The replacement {start, end, text, select}; null where there is no word, tag or weight to change. */
export function changed(text, from, to, direction) {
  const tag = around(text, LORA, from, to);
  if (tag) return tagChanged(tag, direction, from, to);
  const weighted = around(text, WEIGHTED, from, to);
  if (weighted) return weightChanged(weighted, direction);
  const [start, end] = from === to ? wordAt(text, from) : trimmed(text, from, to);
  if (start === end) return null;
  const words = text.slice(start, end);
  const put = `(${words}:${rounded(1 + direction * STEP)})`;
  return { start, end, text: put, select: [start + 1, start + 1 + words.length] };
}

function around(text, pattern, from, to) {
  return [...text.matchAll(pattern)].find((match) => match.index <= from && to <= match.index + match[0].length);
}

function weightChanged(match, direction) {
  const [all, words, weight] = match;
  const next = rounded(Number(weight) + direction * STEP);
  const start = match.index;
  // A weight of 1 needs no brackets.
  const put = next === 1 ? words : `(${words}:${next})`;
  const first = start + (next === 1 ? 0 : 1);
  return { start, end: start + all.length, text: put, select: [first, first + words.length] };
}

/** Both weights of a tag that has two move together. */
function tagChanged(match, direction, from, to) {
  const [kind, name, ...weights] = match[0].slice(1, -1).split(":");
  const numbers = weights.length ? weights : ["1"];
  const put = `<${[kind, name, ...numbers.map((weight) => moved(weight, direction))].join(":")}>`;
  const start = match.index;
  const keep = (place) => Math.min(place, start + put.length);
  return { start, end: start + match[0].length, text: put, select: [keep(from), keep(to)] };
}

function moved(weight, direction) {
  const [, name = "", number] = weight.match(/^(\s*(?:te|unet)\s*=)?\s*(.*?)\s*$/i);
  const next = rounded(Number(number) + direction * LORA_STEP);
  return number && Number.isFinite(next) ? `${name}${Math.max(-2, Math.min(2, next))}` : weight;
}

function wordAt(text, place) {
  const word = [...text.matchAll(WORD)].find((match) => match.index <= place && place <= match.index + match[0].length);
  return word ? [word.index, word.index + word[0].length] : [place, place];
}

function trimmed(text, from, to) {
  const words = text.slice(from, to);
  return [to - words.trimStart().length, from + words.trimEnd().length].map((place) =>
    Math.max(from, Math.min(to, place)),
  );
}

function rounded(weight) {
  return Number(weight.toFixed(2));
}
