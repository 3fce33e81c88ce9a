"""How much each part of a text counts: `(x)`, `[x]`, `(x:1.3)`, escapes and BREAK. Schedules come first: `schedule`."""

from __future__ import annotations

import math
import re
from bisect import insort
from dataclasses import dataclass, field
from typing import NamedTuple

ROUND_WEIGHT = 1.1
SQUARE_WEIGHT = 1 / 1.1
BREAK = "BREAK"

_TOKEN = re.compile(r"\\[()\[\]\\]?|:\s*([+-]?[.\d]+)\s*\)|[()\[\]:]|[^\\()\[\]:]+")
_BREAK = re.compile(r"\bBREAK\b")
_CLOSES = {")": "(", "]": "["}
_FACTOR = {"(": ROUND_WEIGHT, "[": SQUARE_WEIGHT}


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
    merged: list[tuple[str, float]] = []
    for piece in weigh(text)[0]:
        if merged and merged[-1][1] == piece.weight:
            merged[-1] = (merged[-1][0] + piece.text, piece.weight)
        else:
            merged.append((piece.text, piece.weight))
    return merged or [("", 1.0)]


def weigh(text: str) -> tuple[list[Piece], list[BadWeight]]:
    """The parts of `text` unmerged and placed, with the weights that were none."""
    reader = _Reader()
    for token in _TOKEN.finditer(text):
        reader.take(token)
    return reader.pieces(), reader.bad_weights


@dataclass(slots=True)
class _Bracket:
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
        if text in self.open:
            bracket = _Bracket(len(self.texts), _FACTOR[text])
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
        """The pieces with their weights: the product of the brackets around each, the one that closes first leading."""
        for kind in self.open:
            for bracket in self.open[kind]:
                self._close(bracket)
        pieces, around, weight = [], list[_Bracket](), 1.0
        opening = iter(self.brackets)
        coming = next(opening, None)
        for index, (text, start, end, is_break) in enumerate(self.texts):
            changed = False
            while around and around[-1].end <= index:
                around.pop()
                changed = True
            while coming and coming.first <= index:
                if coming.end > index:
                    insort(around, coming, key=lambda bracket: -bracket.rank)
                    changed = True
                coming = next(opening, None)
            if changed:
                weight = math.prod([bracket.factor for bracket in around[::-1]])
            pieces.append(Piece(text, -weight if is_break else weight, start, end, is_break))
        return pieces

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
        for found in _BREAK.finditer(text):
            before = text[cut : found.start()]
            kept = before.rstrip()
            self.texts.append((kept, start + cut, start + cut + len(kept), False))
            self.texts.append((BREAK, start + found.start(), start + found.end(), True))
            cut = len(text) - len(text[found.end() :].lstrip())
        self.texts.append((text[cut:], start + cut, start + len(text), False))
