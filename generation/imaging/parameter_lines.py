"""Finds where in a text the parameters stand, for `infotext` to read: on one line or several, last or not."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEGATIVE_MARK = "Negative prompt:"

_KEYS = (
    "steps|sampler|sampler name|sampling method|schedule type|scheduler|cfg scale|cfg|guidance scale|seed|size|"
    "model hash|model|clip skip|version|vae hash|vae|width|height|denoising strength"
)
_KEY = re.compile(rf"\s*(?:[-*]\s*)?({_KEYS})\s*[:=]\s*(?=\S)", re.IGNORECASE)
_ANY_KEY = re.compile(rf"(?:^|[,;|\t]) *({_KEYS})\s*[:=]\s*(?=\S)", re.IGNORECASE)
_OWN_KEY = re.compile(rf"(?:^|,) *(?:{_KEYS})\s*:", re.IGNORECASE)
_OTHER_SEPARATORS = re.compile(r"[;|\t]")
_AFTER_A_PROMPT = re.compile(r"(?<=[\s,.;|])steps\s*[:=]\s*\d{1,4}\s*(?:[,;|\t]|$)", re.IGNORECASE)
_INLINE_NEGATIVE = re.compile(r"\s(?=negative prompt:)", re.IGNORECASE)
_NAMED_LINE = re.compile(r"\s*([A-Z][\w \-/]{1,40}):\s*(.*)", re.DOTALL)
_SPELT = {
    "steps": "Steps", "sampler": "Sampler", "sampler name": "Sampler", "sampling method": "Sampler",
    "schedule type": "Schedule type", "scheduler": "Schedule type", "cfg scale": "CFG scale", "cfg": "CFG scale",
    "guidance scale": "CFG scale", "seed": "Seed", "size": "Size", "model hash": "Model hash", "model": "Model",
    "clip skip": "Clip skip", "version": "Version", "vae hash": "VAE hash", "vae": "VAE", "width": "Size-1",
    "height": "Size-2", "denoising strength": "Denoising strength",
}  # fmt: skip
LEAST_KEYS = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """A text taken apart: what stands above the parameters, they themselves as one line, and what stands below."""

    body: str
    parameters: str
    below: tuple[str, ...] = ()


def place_parameters(text: str) -> Placed | None:
    """The last lines that begin with a parameter's key and together hold three of them, or None. Behind a negative
    prompt two are enough, for they cannot have been meant for it. Linear in the text's length."""
    lines = text.split("\n")
    negative = any(is_negative(line) for line in lines)
    least = LEAST_KEYS - 1 if negative else LEAST_KEYS
    end = len(lines)
    while end:
        if not _begins(lines[end - 1]):
            end -= 1
            continue
        start = end - 1
        while start and _begins(lines[start - 1]):
            start -= 1
        block = [lines[at] for at in range(start, end)]
        # A whole last line stands alone: the lines above it may be a prompt that only looks like parameters.
        if block[-1].strip().startswith("Steps: ") and _count(block[-1:]) >= LEAST_KEYS:
            start = end - 1
        elif _count(block) < least:
            end = start
            continue
        return _placed(lines, start, end)
    return None


def is_negative(line: str) -> bool:
    """Whether a line begins the negative prompt, in whatever case programs write it."""
    return line.strip()[: len(NEGATIVE_MARK)].lower() == NEGATIVE_MARK.lower()


def named_lines(lines: tuple[str, ...]) -> dict[str, str]:
    """Lines below the parameters by the name that they begin with; one without a name belongs to the one above."""
    named: dict[str, list[str]] = {}
    key = "Text below"
    for line in lines:
        match = _NAMED_LINE.fullmatch(line)
        if match:
            key = match.group(1)
        text = match.group(2) if match else line
        if text.strip():
            named.setdefault(key, []).append(text.strip())
    return {key: "\n".join(texts) for key, texts in named.items()}


def one_line_apart(text: str) -> Placed | None:
    """A text whose line ends were lost: prompts and parameters on one line. None for another one."""
    if "\n" in text or not (found := _AFTER_A_PROMPT.search(text)):
        return None
    parameters = _spelt(text[found.start() :])
    if len(_ANY_KEY.findall(parameters)) < LEAST_KEYS:
        return None
    return Placed(_INLINE_NEGATIVE.sub("\n", text[: found.start()].rstrip(" ,;|")), parameters)


def _placed(lines: list[str], start: int, end: int) -> Placed:
    block = [line.strip() for line in lines[start:end]]
    # A1111's own line is left to the letter.
    own = len(block) == 1 and block[0].startswith("Steps: ") and not _separated(block[0])
    parameters = block[0] if own else ", ".join(_spelt(line) for line in block)
    return Placed("\n".join(lines[:start]), parameters, tuple(lines[end:]))


def _separated(line: str) -> bool:
    """Whether commas are not what separates: more keys stand behind other signs."""
    return len(_ANY_KEY.findall(line)) > len(_OWN_KEY.findall(line))


def _spelt(line: str) -> str:
    """A line in A1111's signs and keys."""
    if _separated(line):
        line = _OTHER_SEPARATORS.sub(", ", line)

    def spelt(key: re.Match[str]) -> str:
        separator = "" if key.start() == 0 else ", "
        return f"{separator}{_SPELT[key.group(1).lower()]}: "

    return _ANY_KEY.sub(spelt, line.strip().lstrip("-* ").rstrip(" ,;|"))


def _begins(line: str) -> bool:
    return bool(_KEY.match(line))


def _count(lines: list[str]) -> int:
    return len({key.lower() for line in lines for key in _ANY_KEY.findall(line.strip().lstrip("-* "))})
