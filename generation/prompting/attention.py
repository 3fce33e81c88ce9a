"""How much each part of a text counts: `(x)`, `[x]`, `(x:1.3)`, escapes and BREAK. Schedules come first: `schedule`."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

ROUND_WEIGHT = 1.1
SQUARE_WEIGHT = 1 / 1.1
BREAK = "BREAK"

_WEIGHT = r":\s*([+-]?[.\d]+)\s*\)"
_TOKEN = re.compile(rf"\\[()\[\]\\]?|{_WEIGHT}|[()\[\]]|(?:[^\\()\[\]:]+|:(?!{_WEIGHT[1:]}))+")
_BREAK = re.compile(r"\bBREAK\b")
_CLOSES = {")": "(", "]": "["}
_SIGNS = frozenset("()[]:\\")
_FACTOR = {"(": ROUND_WEIGHT, "[": SQUARE_WEIGHT}
_EXACT_DEPTH = 100


class Piece(NamedTuple):
    """Some text that counts `weight`, and where it stands in the text that was weighed. A break has `is_break` set."""

    text: str
    weight: float
    start: int
    end: int
    is_break: bool


class BadWeight(NamedTuple):
    """A weight such as the `1..2` of `(a:1..2)`, which no number can be read from; it counts as text."""

    start: int
    end: int


def attention(text: str) -> list[tuple[str, float]]:
    """The parts of `text` with their weights, neighbours of equal weight merged; `BREAK` as ("BREAK", -1).

    An empty text is [("", 1.0)]. A BREAK within brackets is multiplied by their weights, as in the reference, and then
    is no break. Where the reference raises (`(a:1..2)`), the number is text.
    """
    return merged(weigh(text)[0])


def merged(pieces: Iterable[Piece]) -> list[tuple[str, float]]:
    """The texts and weights of `pieces`, neighbours of equal weight made one; at least one."""
    alike = groupby(pieces, key=attrgetter("weight"))
    return [("".join([piece.text for piece in group]), weight) for weight, group in alike] or [("", 1.0)]


def weigh(text: str) -> tuple[list[Piece], list[BadWeight]]:
    """The parts of `text` unmerged and placed, with the weights that were none."""
    reader = _Reader()
    for token in _TOKEN.finditer(text):
        reader.take(token)
    return reader.pieces(), reader.bad_weights


@dataclass(slots=True)
class _Bracket:
    kind: str
    first: int  # the first piece within
    factor: float
    end: int = -1  # the piece before which it closes
    rank: int = -1  # its place in the order of closing


@dataclass(slots=True)
class _Reader:
    """The pieces so far without their weights, and all brackets in the order in which they open.

    Round and square brackets are matched independently of each other, as in the reference.
    """

    texts: list[tuple[str, int, int, bool]] = field(default_factory=list)
    brackets: list[_Bracket] = field(default_factory=list)
    open: dict[str, list[_Bracket]] = field(default_factory=lambda: {"(": [], "[": []})
    bad_weights: list[BadWeight] = field(default_factory=list)
    closed: int = 0

    def take(self, token: re.Match[str]) -> None:
        text = token[0]
        if text[0] not in _SIGNS:
            self._add(text, token.start())
        elif text in self.open:
            bracket = _Bracket(text, len(self.texts), _FACTOR[text])
            self.brackets.append(bracket)
            self.open[text].append(bracket)
        elif text in _CLOSES and self.open[_CLOSES[text]]:
            self._close(self.open[_CLOSES[text]].pop())
        elif token[1] is not None and self.open["("]:
            self._close_weighted(token)
        elif text[0] == "\\":
            self.texts.append((text[1:], token.start(), token.end(), False))
        else:
            self._add(text, token.start())

    def pieces(self) -> list[Piece]:
        for bracket in (*self.open["("][::-1], *self.open["["][::-1]):
            self._close(bracket)
        return [
            Piece(text, -weight if is_break else weight, start, end, is_break)
            for (text, start, end, is_break), weight in zip(self.texts, self._weights(), strict=True)
        ]

    def _weights(self) -> Iterator[float]:
        """The weight of each piece: the product of the brackets around it, in the order in which they close.

        `around` holds them outermost first: what closes next is always its last. In floats the order of factors counts;
        where so many are nested that nobody could mean it, running products keep the time linear instead.
        """
        around: list[_Bracket] = []
        factors: list[float] = []
        products = {"(": [1.0], "[": [1.0]}
        coming, weight = 0, 1.0
        for index in range(len(self.texts)):
            known = coming, len(around)
            while around and around[-1].end <= index:
                products[around.pop().kind].pop()
                factors.pop()
            while coming < len(self.brackets) and self.brackets[coming].first <= index:
                bracket = self.brackets[coming]
                coming += 1
                if bracket.end > index:
                    crossing = around and around[-1].rank < bracket.rank
                    place = bisect(around, -bracket.rank, key=lambda other: -other.rank) if crossing else len(around)
                    around.insert(place, bracket)
                    factors.insert(place, bracket.factor)
                    products[bracket.kind].append(products[bracket.kind][-1] * bracket.factor)
            if len(around) > _EXACT_DEPTH:
                weight = products["("][-1] * products["["][-1]
            elif known != (coming, len(around)):
                weight = math.prod(factors[::-1])
            yield weight

    def _close_weighted(self, token: re.Match[str]) -> None:
        bracket = self.open["("].pop()
        try:
            bracket.factor = float(token[1])
        except ValueError:
            self.bad_weights.append(BadWeight(*token.span(1)))
            self._add(token[0][:-1], token.start())
        self._close(bracket)

    def _close(self, bracket: _Bracket) -> None:
        bracket.end = len(self.texts)
        bracket.rank = self.closed
        self.closed += 1

    def _add(self, text: str, start: int) -> None:
        """Add plain text, cut at every BREAK; the spaces around a BREAK go with it."""
        cut = 0
        if BREAK not in text:
            self.texts.append((text, start, start + len(text), False))
            return
        for match in _BREAK.finditer(text):
            before = text[cut : match.start()]
            kept = before.rstrip()
            self.texts.append((kept, start + cut, start + cut + len(kept), False))
            self.texts.append((BREAK, start + match.start(), start + match.end(), True))
            cut = len(text) - len(text[match.end() :].lstrip())
        self.texts.append((text[cut:], start + cut, start + len(text), False))
