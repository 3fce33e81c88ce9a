"""`<lora:name:weight>` tags in a prompt. Which LoRAs exist is not known here: `inspection` is told."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.refusals import Refusal

_TAG = re.compile(r"<(\w+):([^>]+)>")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_KINDS = {"lora": "lora", "lyco": "lora"}
_NAMED = ("te", "unet", "dyn")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of kind "lora" at text[start:end]. `weight` goes to the UNet, `text_weight` to the encoder (None: same)."""

    kind: str
    name: str
    weight: float
    text_weight: float | None
    start: int
    end: int


class TagError(Refusal):
    """A tag that cannot be followed, at text[start:end]."""

    def __init__(self, message: str, start: int, end: int, code: str = "bad-tag") -> None:
        super().__init__(code, message, field="prompt")
        self.start = start
        self.end = end


def extract_tags(text: str) -> tuple[str, list[Tag]]:
    """`text` without its `<kind:...>` tags, and the LoRAs that they name, in order.

    Tags of a kind that is not known are left out without effect, as in the reference.
    Raises TagError for a hypernetwork, an empty name or a number that is none. For prompts only: in a negative prompt
    tags are text.
    """
    tags = []
    for match in find_tags(text):
        read = read_tag(match)
        if isinstance(read, TagError):
            raise read
        if read:
            tags.append(read)
    end = text.rfind(">") + 1
    return _TAG.sub("", text[:end]) + text[end:], tags


def find_tags(text: str) -> Iterator[re.Match[str]]:
    """Every tag of whatever kind; group 1 is the kind, group 2 what follows."""
    return _TAG.finditer(text, 0, text.rfind(">") + 1)


def read_tag(match: re.Match[str]) -> Tag | TagError | None:
    """What a tag says; None for a kind that is not known."""
    kind = match[1].lower()
    if kind == "hypernet":
        message = "Hypernetworks are not supported; take this tag out of the prompt."
        return TagError(message, *match.span(), "hypernet")
    if kind not in _KINDS:
        return None
    try:
        return _lora(match, _KINDS[kind])
    except TagError as error:
        return error


def _lora(match: re.Match[str], kind: str) -> Tag:
    name, *arguments = match[2].split(":")
    if not name.strip():
        raise TagError("This tag names no LoRA.", *match.span(), "tag-without-name")
    values = _weights(match, name, arguments)
    encoder = values.get("te", 1.0)
    unet = values.get("unet", encoder)
    return Tag(kind, name.strip(), unet, None if encoder == unet else encoder, *match.span())


def _weights(match: re.Match[str], name: str, arguments: list[str]) -> dict[str, float]:
    """The numbers of a tag under the names te and unet. Named ones win over those that go by place."""
    by_place: dict[str, float] = {}
    by_name: dict[str, float] = {}
    start = match.start(2) + len(name) + 1
    for argument in arguments:
        key, equals, value = argument.rpartition("=")
        key = key.strip() if equals else _NAMED[min(len(by_place), 2)]
        place = (start + len(argument) - len(value), start + len(argument))
        if key not in ("te", "unet"):
            message = f"“{argument.strip()}” is not something a LoRA tag can say here; it takes te= and unet= weights."
            raise TagError(message, start, start + len(argument), "tag-argument")
        (by_name if equals else by_place)[key] = _number(value, *place)
        start += len(argument) + 1
    return by_place | by_name


def _number(text: str, start: int, end: int) -> float:
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
        raise TagError(f"“{text.strip()}” is not a number.", start, end, "tag-number")
    return float(text)
