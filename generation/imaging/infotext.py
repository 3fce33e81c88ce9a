"""Writes and reads A1111's infotext, the text that travels inside a picture. Which file holds it is `reading`'s matter.

The format is `prompt`, a line `Negative prompt: ...`, and one last line `Key: value, Key: value`. It has two holes:
a prompt line that itself begins with "Negative prompt:", and blanks at line ends, which every reader strips.
Where one of them would change a prompt, a key `Prompt length` (characters) is added; other tools ignore it, and this
reader then restores both prompts exactly. A prompt cannot forge the last line, for the writer always adds its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.imaging.parameter_lines import (
    NEGATIVE_MARK,
    Placed,
    is_negative,
    named_lines,
    one_line_apart,
    place_parameters,
)
from generation.imaging.provenance import SOFTWARE
from generation.recipes.fields import FIELDS
from generation.recipes.picture import Recipe

MAX_INFOTEXT_CHARS = 200_000
LEAST_PARAMETERS = 3
FIRST_A1111_WITH_DOT_RULE = (1, 6, 0)
# What a missing key meant to the program that wrote the text.
DEFAULTS = {"Schedule type": "Automatic", "RNG": "GPU"} | {
    row.infotext: row.to_infotext(row.default) for row in FIELDS.values() if not row.written
}
# A1111's order; other keys of recipe fields come before the version.
ORDER = (
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash", "VAE",
    "Clip skip", "Lora hashes", "TI hashes", "Emphasis",
)  # fmt: skip

# A1111 quotes for comma, colon and newline; the rest would be read back changed, and its reader takes quotes anywhere.
_NEEDS_QUOTES = re.compile(r'[,:\n\r"]|^[\s\[{]|\s$')
_NOT_IN_KEYS = re.compile(r"[^\w \-/]")
_HEAD = re.compile(r"[^,:]*([,:])")
_BLANKS = re.compile(r"\s*")
_PROMPT_LABEL = re.compile(r"\A(?:positive )?prompt:[ \t]*", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^\\"])+"(?=\s*(?:,|$))')
_PLAIN = re.compile(r"[^,]*")
_SIZE = re.compile(r"(\d{1,6})x(\d{1,6})")
_A1111_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_JSON = json.JSONDecoder()
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NamedLora:
    """A LoRA that a picture's text names outside its prompt, with whatever is known of it."""

    name: str
    weight: float = 1.0
    text_weight: float | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class ParsedInfotext:
    """What a picture says of itself. `fields` holds the parameters as text under A1111's keys, `Size` split in two.

    `blocks` holds the parameters that were raw JSON (`Civitai resources`, `Hashes`). Of other tools' pictures, `loras`
    holds the LoRAs kept outside the prompt, and `leftovers` the names of settings that have no key here.
    """

    prompt: str = ""
    negative_prompt: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Any] = field(default_factory=dict)
    loras: tuple[NamedLora, ...] = ()
    leftovers: tuple[str, ...] = ()
    tool: str = "A1111"

    def get(self, key: str) -> str:
        """The value of an A1111 key, its default where the key is missing, or an empty text."""
        return self.fields.get(key, DEFAULTS.get(key, ""))

    @property
    def lora_hashes(self) -> dict[str, str]:
        return hash_pairs(self.get("Lora hashes"))

    @property
    def embedding_hashes(self) -> dict[str, str]:
        return hash_pairs(self.get("TI hashes"))

    @property
    def old_schedule_rule(self) -> bool:
        """A1111 before 1.6.0 took a `when` below 1 as a fraction, dot or no dot; versions of others do not count."""
        version = _A1111_VERSION.match(self.get("Version"))
        if version is None or "[" not in self.prompt + self.negative_prompt:
            return False
        return tuple(int(part or 0) for part in version.groups()) < FIRST_A1111_WITH_DOT_RULE

    def __bool__(self) -> bool:
        """Whether anything was found at all."""
        return bool(self.prompt or self.negative_prompt or self.fields or self.blocks)


def write_infotext(
    recipe: Recipe,
    *,
    checkpoint_hash: str = "",
    checkpoint_title: str = "",
    vae_hash: str = "",
    lora_hashes: Mapping[str, str] | None = None,
) -> str:
    """The recipe as infotext. Hashes not given are the first ten digits of the recipe's pins; `lora_hashes` maps each
    LoRA's name to A1111's own LoRA hash (12 digits). Keys without a value are left out."""
    pairs = {
        **_of_fields(recipe),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": checkpoint_hash or recipe.checkpoint_sha256[:10],
        "Model": checkpoint_title or recipe.checkpoint,
        "VAE hash": vae_hash or recipe.vae_sha256[:10],
        "VAE": recipe.vae,
        "Lora hashes": _pairs_text((lora_hashes or {}).items()),
        "TI hashes": _pairs_text((pick.name, pick.sha256[:12]) for pick in recipe.embeddings),
        **(recipe.start.to_infotext() if recipe.start else {}),
        **(recipe.variation.to_infotext() if recipe.variation else {}),
        **(recipe.inversion.to_infotext() if recipe.inversion else {}),
        **(recipe.blend.to_infotext() if recipe.blend else {}),
        **(recipe.palette.to_infotext() if recipe.palette else {}),
        **(recipe.hires.to_infotext() if recipe.hires else {}),
        **(recipe.enlarge.to_infotext() if recipe.enlarge else {}),
        **{key: text for place, pick in enumerate(recipe.controls) for key, text in pick.to_infotext(place).items()},
    }
    parameters = {key: pairs[key] for key in (*ORDER, *pairs)} | {"Version": SOFTWARE}
    text = _assembled(recipe, parameters)
    read = read_infotext(text)
    if (read.prompt, read.negative_prompt) == (recipe.prompt, recipe.negative_prompt):
        return text
    return _assembled(recipe, {**parameters, "Prompt length": str(len(recipe.prompt))})


def read_infotext(text: str) -> ParsedInfotext:
    """Reads any text at all, in time linear in its length; without parameters, all of it is prompt. What stands below
    the parameters and is no prompt becomes a field under the name it begins with, or under `Text below`.

    Texts beyond MAX_INFOTEXT_CHARS are cut there, at their beginning, for the parameters stand at the end.
    """
    text = text[-MAX_INFOTEXT_CHARS:].rstrip()
    body, _, last = text.rpartition("\n")
    fields, blocks = _read_parameters(last)
    if last.startswith("Steps: ") and len(fields) + len(blocks) >= LEAST_PARAMETERS:
        exact = _split_at_length(body, fields.pop("Prompt length", ""))
        prompt, negative = exact or _split_prompts(body)
        return ParsedInfotext(prompt, negative, _sizes_split(fields), blocks)
    if placed := place_parameters(text) or one_line_apart(text):
        return _read_placed(placed)
    if len(fields) + len(blocks) < LEAST_PARAMETERS:
        body, fields, blocks = text.strip(), {}, {}
    prompt, negative = _split_prompts(body)
    return ParsedInfotext(prompt, negative, _sizes_split(fields), blocks)


def without_halves(text: str) -> str:
    """JSON can spell half of a sign, which no answer and no database can hold: it becomes a replacement sign."""
    return _HALF.sub("\ufffd", text)


def hash_pairs(text: str) -> dict[str, str]:
    """Reads `name: hash, name: hash`; a name may hold commas and colons, a hash neither."""
    pairs: dict[str, str] = {}
    start = ""
    for piece in text.split(","):
        name, colon, value = piece.rpartition(":")
        if colon:
            pairs[(start + name).strip()] = value.strip()
            start = ""
        else:
            start += f"{piece},"
    return pairs


def _assembled(recipe: Recipe, parameters: Mapping[str, str]) -> str:
    negative = f"\n{NEGATIVE_MARK} {recipe.negative_prompt}" if recipe.negative_prompt else ""
    pairs = (key if key == value else f"{key}: {_quoted(value)}" for key, value in parameters.items() if value)
    return f"{recipe.prompt}{negative}\n{', '.join(pairs)}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if _NEEDS_QUOTES.search(value) else value


def _pairs_text(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in pairs if value)


def _of_fields(recipe: Recipe) -> dict[str, str]:
    """Keys and values of the fields that have a key of their own; empty where the value need not be told."""
    pairs = {}
    for row in FIELDS.values():
        value = getattr(recipe, row.name)
        if row.infotext:
            pairs[row.infotext] = row.to_infotext(value) if row.written or value != row.default else ""
    # A1111 tells it only where the prompts hold brackets.
    second = (recipe.hires.prompt, recipe.hires.negative_prompt) if recipe.hires else ()
    texts = "".join((recipe.prompt, recipe.negative_prompt, *recipe.further_prompts, *second))
    marked = any(bracket in texts for bracket in "([")
    return pairs if marked else {**pairs, "Emphasis": ""}


def _read_parameters(line: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Walks `Key: value` pairs; each step starts behind the one before, so hostile lines cost no more than others."""
    fields: dict[str, str] = {}
    blocks: dict[str, Any] = {}
    position = 0
    while head := _HEAD.match(line, position):
        position = head.end()
        key = _NOT_IN_KEYS.split(head.group()[:-1])[-1].strip().lstrip("-/ ")
        if head.group(1) == "," or len(key) < 2:
            continue
        value, position = _read_value(line, position)
        if isinstance(value, str):
            fields[key] = value
        else:
            blocks[key] = value
    return fields, blocks


def _read_placed(placed: Placed) -> ParsedInfotext:
    """Texts of other programs, or with more below the parameters, which may be the prompts themselves."""
    fields, blocks = _read_parameters(placed.parameters)
    prompt, negative = _split_prompts(placed.body)
    prompt = _PROMPT_LABEL.sub("", prompt, count=1)
    for name, text in named_lines(placed.below).items():
        value, end = _read_value(text, 0)
        if is_negative(f"{name}:") and not negative:
            negative = text
        elif name.lower() in ("prompt", "positive prompt") and not prompt:
            prompt = text
        elif not isinstance(value, str):
            blocks.setdefault(name, value)
        else:
            fields.setdefault(name, value if end == len(text) else text)
    return ParsedInfotext(prompt, negative, _sizes_split(fields), blocks)


def _read_value(line: str, position: int) -> tuple[Any, int]:
    start = _end_of(_BLANKS, line, position)
    if line[start : start + 1] in ("{", "["):
        try:
            return _JSON.raw_decode(line, start)
        except (ValueError, RecursionError):
            pass
    if quoted := _QUOTED.match(line, start):
        return _unquoted(quoted.group()), quoted.end()
    end = _end_of(_PLAIN, line, start)
    return line[start:end].strip(), end


def _end_of(pattern: re.Pattern[str], line: str, position: int) -> int:
    match = pattern.match(line, position)
    return match.end() if match else position


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def _split_at_length(body: str, length: str) -> tuple[str, str] | None:
    """The exact prompts by `Prompt length`, or None where the text was changed on its way and the figure is off."""
    if not (length.isascii() and length.isdigit() and len(length) < 7):
        return None
    for candidate in (body, body.replace("\r\n", "\n").removesuffix("\r")):
        prompt, rest = candidate[: int(length)], candidate[int(length) :]
        if len(prompt) == int(length) and (not rest or rest.startswith(f"\n{NEGATIVE_MARK} ")):
            return prompt, rest[len(NEGATIVE_MARK) + 2 :]
    return None


def _split_prompts(body: str) -> tuple[str, str]:
    """A1111's own reading: lines are stripped, and all from the first `Negative prompt:` on is the negative prompt."""
    parts: tuple[list[str], list[str]] = ([], [])
    side = 0
    for line in body.split("\n"):
        line = line.strip()
        if is_negative(line):
            side, line = 1, line[len(NEGATIVE_MARK) :].strip()
        parts[side].append(line)
    return "\n".join(parts[0]).lstrip("\n"), "\n".join(parts[1]).lstrip("\n")


def _sizes_split(fields: Mapping[str, str]) -> dict[str, str]:
    split: dict[str, str] = {}
    for key, value in fields.items():
        size = _SIZE.fullmatch(value) if "size" in key.lower() else None
        if size:
            split[f"{key}-1"], split[f"{key}-2"] = size.groups()
        else:
            split[key] = value
    return split
