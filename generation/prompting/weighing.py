"""Weighs what a prompt says at each step and finds where each weight stands in the text as it was typed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from generation.prompting.attention import Piece, merged, weigh
from generation.prompting.diagnosis import problem
from generation.prompting.report import Problem, WeightedSpan
from generation.prompting.traced import Span, Traced

# Weighing costs time by signs, not by letters. This is enough for 50 different texts of a usual prompt.
_MOST_SIGNS = 3_000
_SIGNS = "()[]\\:"


class Size(NamedTuple):
    """What a text takes of a checkpoint's text encoder: tokens without begin and end, and chunks."""

    tokens: int
    chunks: int


WeightedTexts = Sequence[tuple[str, float]]
"""What `attention` gives."""

Measure = Callable[[WeightedTexts], Size]
"""Gives the size of a text from what `attention` gives; made for one checkpoint's tokenizer."""


class Weighed(NamedTuple):
    """The merged weights of a text, and what it takes if it can be measured."""

    weights: tuple[tuple[str, float], ...]
    tokens: int | None
    chunks: int | None


def _touching(pieces: list[Piece]) -> Iterator[tuple[int, int, float]]:
    """Where words stand and how much they count, pieces of equal weight that touch made one."""
    start, end, weight = 0, 0, 1.0
    for piece in pieces:
        if piece.is_break:
            continue
        if piece.start != end or piece.weight != weight:
            yield start, end, weight
            start, weight = piece.start, piece.weight
        end = piece.end
    yield start, end, weight


class WeightMap:
    """Where the typed text has which weight: each of its characters that of the first text that shows it."""

    def __init__(self, length: int, measure: Measure | None) -> None:
        self.measure = measure
        self.marked = bytearray(length)
        self.spans: list[WeightedSpan] = []
        self.breaks: list[Span] = []
        self.problems: list[Problem] = []
        self.signs = 0

    def weigh(self, source: Traced, visible: list[Span]) -> Weighed | None:
        """Weigh the `visible` parts of a text and mark their places; None when too much has been weighed already."""
        cost = 2 * len(visible) + sum(map(source.text.count, _SIGNS))
        if self.signs and self.signs + cost > _MOST_SIGNS:
            return None
        self.signs += cost
        visible_text = source.pick(visible)
        pieces, bad_weights = weigh(visible_text.text)
        for bad in bad_weights:
            self.problems.append(
                problem("bad-weight", visible_text.origin(*bad), text=visible_text.text[bad.start : bad.end])
            )
        for piece in pieces:
            if piece.is_break or not math.isfinite(piece.weight):
                self._note(piece, visible_text.origin(piece.start, piece.end))
        for start, end, weight in _touching(pieces):
            for origin in visible_text.origins(start, end):
                self._mark(*origin, weight)
        return self._weighed(pieces)

    def _note(self, piece: Piece, place: Span) -> None:
        if not math.isfinite(piece.weight):
            self.problems.append(problem("huge-weight", place))
        elif piece.weight == -1:
            self.breaks.append(place)
        else:
            self.problems.append(problem("break-in-brackets", place))

    def _mark(self, start: int, end: int, weight: float) -> None:
        for first, last in self._unmarked(start, end):
            self.marked[first:last] = b"\1" * (last - first)
            if weight != 1:
                self.spans.append(WeightedSpan(first, last, weight))

    def _unmarked(self, start: int, end: int) -> list[Span]:
        """The parts of the typed text[start:end] that have no weight yet."""
        if self.marked.find(1, start, end) == -1:
            return [(start, end)]
        if self.marked.find(0, start, end) == -1:
            return []
        unmarked = (place for place in range(start, end) if not self.marked[place])
        # Neighbours have one difference between place and count.
        alike = groupby(enumerate(unmarked), key=lambda each: each[1] - each[0])
        rows = [[place for _, place in group] for _, group in alike]
        return [(row[0], row[-1] + 1) for row in rows]

    def _weighed(self, pieces: list[Piece]) -> Weighed:
        weights = tuple(merged(pieces))
        return Weighed(weights, *(self.measure(weights) if self.measure else (None, None)))
