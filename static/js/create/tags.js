// The LoRA tags in a prompt's text: read, rewritten with another weight, removed.

const TAG = /<(?:lora|lyco):([^:>]+)((?::[^>]*)?)>/gi;

/** The LoRA tags of a prompt: name, weight (1 when none is written), and where they stand. */
export function readTags(text) {
  return [...text.matchAll(TAG)].map((match) => ({
    name: match[1].trim(),
    weight: weightOf(match[2]),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function weightOf(rest) {
  const numbers = rest
    .split(":")
    .slice(1)
    .map((part) => Number(part.replace(/^(te|unet)=/i, "")));
  const weight = numbers[1] ?? numbers[0] ?? 1;
  return Number.isFinite(weight) ? weight : 1;
}

export function writeTag(text, tag, weight) {
  return `${text.slice(0, tag.start)}<lora:${tag.name}:${Number(weight.toFixed(2))}>${text.slice(tag.end)}`;
}

export function removeTag(text, tag) {
  return `${text.slice(0, tag.start).trimEnd()} ${text.slice(tag.end).trimStart()}`.trim();
}
