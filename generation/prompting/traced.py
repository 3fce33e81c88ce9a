"""Text that remembers where each of its characters was typed, so that any reading of it can name places there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A text, and for each character the part of the original it came from: from `starts[i]` to before `ends[i]`.

    Neither ever descends: texts lose parts and gain drawn ones, but nothing changes its order.

    `close` is the place in the original where the text ends. Characters that one part of the original brought in
    together (a drawn wildcard) all come from the whole of that part.
    """

    text: str
    starts: list[int]
    ends: list[int]
    close: int

    @classmethod
    def typed(cls, text: str) -> Traced:
        """The original itself."""
        return cls(text, list(range(len(text))), list(range(1, len(text) + 1)), len(text))

    @classmethod
    def drawn(cls, text: str, origin: Span) -> Traced:
        """A text that stands for the part `origin` of the original."""
        start, end = origin
        return cls(text, [start] * len(text), [end] * len(text), end)

    def part(self, start: int, end: int) -> Traced:
        close = self.starts[end] if end < len(self.starts) else self.close
        return Traced(self.text[start:end], self.starts[start:end], self.ends[start:end], close)

    def without(self, spans: Iterable[Span]) -> Traced:
        """The text with `spans` (ascending, apart) taken out."""
        cuts = [0, *chain.from_iterable(spans), len(self.text)]
        return self.pick(list(zip(cuts[::2], cuts[1::2], strict=True)))

    def pick(self, spans: list[Span]) -> Traced:
        """The text of `spans`, one after the other."""
        return joined([self.part(start, end) for start, end in spans], self.close)

    def origin(self, start: int, end: int) -> Span:
        """Where text[start:end] was typed; an empty part has an empty place."""
        if start < end:
            return self.starts[start], self.ends[end - 1]
        place = self.starts[start] if start < len(self.starts) else self.close
        return place, place

    def origins(self, start: int, end: int) -> Iterator[Span]:
        """The unbroken parts of the original that text[start:end] came from, in order of the text."""
        if start == end:
            return
        first, last = self.starts[start], self.ends[end - 1]
        if last - first == end - start:
            yield first, last
            return
        for place in range(start + 1, end):
            if self.starts[place] not in (self.ends[place - 1], self.starts[place - 1]):
                yield first, self.ends[place - 1]
                first = self.starts[place]
        yield first, last


def joined(parts: Iterable[Traced], close: int) -> Traced:
    pieces = list(parts)
    starts = list(chain.from_iterable(piece.starts for piece in pieces))
    ends = list(chain.from_iterable(piece.ends for piece in pieces))
    return Traced("".join([piece.text for piece in pieces]), starts, ends, close)
