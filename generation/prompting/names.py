"""Names that the catalog knows, and how words of a prompt are matched to them: exactly, without case, or nearly."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

_WORD = re.compile(r"(?<!\w)(?:\w+|[^\w\s])")
_FIRST = re.compile(r"\w+|.", re.DOTALL)
_NAME_LIKE = re.compile(r"(?<![\w<])[A-Za-z][\w-]*(?:[a-z][A-Z]|[\d_-])[\w-]*")
_NEAR_WORDS = 10
_NEAR_NAMES = 10
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class KnownName:
    """A LoRA or embedding that the person may use. An empty family fits every checkpoint."""

    name: str
    family: str = ""
    trigger_words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class NameIndex:
    """Known names of one kind, looked up as the submission does: exactly, then without case, then by alias.

    Where a name is known for several families, the one that fits `family` is meant.
    """

    def __init__(self, known: Iterable[KnownName], family: str = "") -> None:
        self.family = family
        self.known = sorted(known, key=self.fits)

    def fits(self, name: KnownName) -> bool:
        return not self.family or not name.family or name.family == self.family

    @cached_property
    def _exact(self) -> dict[str, KnownName]:
        return {each.name: each for each in self.known}

    @cached_property
    def _loose(self) -> dict[str, KnownName]:
        aliases = {alias.lower(): each for each in self.known for alias in each.aliases}
        return aliases | {each.name.lower(): each for each in self.known}

    def find(self, name: str) -> KnownName | None:
        return self._exact.get(name) or self._loose.get(name.lower())

    def near(self, name: str, *, cutoff: float = 0.5, count: int = 3) -> tuple[str, ...]:
        """Known names that `name` may have been meant for, the nearest first."""
        if len(name) > _LONGEST_NAME:
            return ()
        pairs = _pairs(name.lower())
        # difflib is slow: only names that share most pairs of letters are compared.
        shared = {known: len(pairs & theirs) for known, theirs in self._pairs_of_names.items()}
        likely = heapq.nlargest(_NEAR_NAMES, shared, key=shared.__getitem__)
        close = difflib.get_close_matches(name.lower(), likely, count, cutoff)
        return tuple(dict.fromkeys(self._loose[each].name for each in close))

    @cached_property
    def _pairs_of_names(self) -> dict[str, set[str]]:
        return {name: _pairs(name) for name in self._loose if len(name) <= _LONGEST_NAME}

    def places(self, text: str) -> list[tuple[int, int, KnownName]]:
        """Where known names stand in `text` as words of their own, case aside; of several at one place the longest."""
        lowered = text.lower() if len(text.lower()) == len(text) else text
        present = [each for each in self.known if each.name and each.name.lower() in lowered]
        by_first_word: dict[str, list[KnownName]] = {}
        for each in sorted(present, key=lambda known: -len(known.name)):
            first = _FIRST.match(each.name.lower())
            by_first_word.setdefault(first[0] if first else "", []).append(each)
        places: list[tuple[int, int, KnownName]] = []
        for word in _WORD.finditer(lowered):
            if places and word.start() < places[-1][1]:
                continue
            end, known = _longest_at(lowered, word.start(), by_first_word.get(word[0], ()))
            if known:
                places.append((word.start(), end, self.find(known.name) or known))
        return places

    def misspelt(self, text: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """Words that look like names (`EasyNegatve`, `bad-hand-5`) and nearly are one, with what may be meant."""
        words = []
        for word in list(_NAME_LIKE.finditer(text))[:_NEAR_WORDS]:
            if not self.find(word[0]):
                near = self.near(word[0], cutoff=0.85, count=1)
                words += [(*word.span(), near)] if near else []
        return words


def _pairs(name: str) -> set[str]:
    return {first + second for first, second in pairwise(f" {name} ")}


def _longest_at(text: str, start: int, candidates: Sequence[KnownName]) -> tuple[int, KnownName | None]:
    for known in candidates:
        end = start + len(known.name)
        if text.startswith(known.name.lower(), start) and not re.match(r"\w", text[end : end + 1]):
            return end, known
    return start, None
