"""Cuts weighted tokens into chunks that a CLIP text encoder can read: bookkeeping on the token ids of any tokenizer.

Behaviour follows AUTOMATIC1111's: a chunk holds `length` tokens (75 for Stable Diffusion); where it overflows shortly
after a comma, the words after that comma move on together; BREAK closes a chunk; an embedding is never cut in two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

COMMA = ",</w>"
"""How CLIP's vocabulary writes a comma that ends a word."""

COMMA_BACKTRACK = 20
"""How many tokens back a comma may lie for the words after it to move to the next chunk (the reference's default)."""

INSERT_TOKEN = 0
"""The id that stands where an embedding's vectors will be put; the encoder never looks at its meaning."""


@dataclass(frozen=True, slots=True)
class Insert:
    """An embedding as chunking sees it: `key` names it (its sha256), and it takes the place of `vectors` tokens."""

    key: str
    vectors: int


FindInserts = Callable[[str], "Iterable[tuple[int, int, Insert]]"]
"""Gives what a text names embeddings: the places (start, end) ascending and apart, and the insert of each.

Texts and not tokens are searched, since a sign that stands close to a name becomes one token with the name's end.
"""


@dataclass(frozen=True, slots=True)
class WeightedTokens:
    """Tokens in a row that share one weight, or an embedding; `None` is a BREAK."""

    tokens: Sequence[int] | Insert | None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """At most `length` tokens without BOS, EOS and padding, a weight for each, and where embeddings stand in them."""

    tokens: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    inserts: tuple[tuple[int, Insert], ...] = ()

    def unweighted(self) -> Chunk:
        """The same chunk with no weights: what an encoder reads, and equal for all that encode alike."""
        return Chunk(self.tokens, (), self.inserts)


EMPTY_CHUNK = Chunk()

_BREAK = ("BREAK", -1)
"""BREAK outside of brackets, as `attention` tells it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never split: one token, or a whole embedding."""

    token: int
    weight: float
    insert: Insert | None = None

    @property
    def size(self) -> int:
        return self.insert.vectors if self.insert else 1


def weighted_tokens(
    texts: Sequence[tuple[str, float]],
    tokenize: Callable[[list[str]], Sequence[Sequence[int]]],
    find: FindInserts = lambda _: (),
) -> list[WeightedTokens]:
    """What `attention` found in a text, tokenized, with embeddings for their names; `tokenize` gets all words at once.

    It gives the token ids of each text, without BOS and EOS, however long it is.
    """
    parts: list[tuple[str | Insert | None, float]] = []
    for text in texts:
        parts += [(None, 1.0)] if text == _BREAK else [(part, text[1]) for part in _parts(text[0], find)]
    tokens = iter(tokenize([part for part, _ in parts if isinstance(part, str)]))
    return [WeightedTokens(next(tokens) if isinstance(part, str) else part, weight) for part, weight in parts]


def _parts(text: str, find: FindInserts) -> Iterable[str | Insert]:
    """The text around the names of embeddings, and these."""
    reached = 0
    for start, end, insert in find(text):
        if text[reached:start]:
            yield text[reached:start]
        yield insert
        reached = end
    if text[reached:] or not reached:
        yield text[reached:]


def split_into_chunks(pieces: Iterable[WeightedTokens], length: int, *, comma: int | None = None) -> tuple[Chunk, ...]:
    """Chunks of at most `length` tokens; at least one, which is empty for an empty text.

    `comma` is the tokenizer's id of a comma that ends a word. Every insert must fit a chunk (`vectors <= length`).
    """
    filler = ChunkFiller(length, comma)
    for piece in pieces:
        if piece.tokens is None:
            filler.close()
        else:
            for unit in units_of(piece.tokens, piece.weight):
                filler.add(unit)
    if filler.open or not filler.chunks:
        filler.close()
    return tuple(filler.chunks)


def units_of(tokens: Sequence[int] | Insert, weight: float) -> list[Unit]:
    """The tokens one by one, or the embedding."""
    if isinstance(tokens, Insert):
        return [Unit(INSERT_TOKEN, weight, tokens)]
    return [Unit(token, weight) for token in tokens]


class ChunkFiller:
    """Fills one open chunk after another."""

    def __init__(self, length: int, comma: int | None) -> None:
        self.length = length
        self.comma = comma
        self.chunks: list[Chunk] = []
        self.open: list[Unit] = []
        self.used = 0

    def add(self, unit: Unit) -> None:
        if self.used == self.length and not self.is_comma(unit):
            self.move_on_from_comma()
        if self.used + unit.size > self.length:
            self.close()
        self.open.append(unit)
        self.used += unit.size

    def close(self) -> None:
        self.chunks.append(to_chunk(self.open))
        self.open, self.used = [], 0

    def move_on_from_comma(self) -> None:
        """Closes the full chunk after its last comma if that is near, and opens the next with what followed it."""
        back = 0
        for index in reversed(range(len(self.open))):
            back += self.open[index].size
            if back > COMMA_BACKTRACK:
                return
            if self.is_comma(self.open[index]):
                moved = self.open[index + 1 :]
                del self.open[index + 1 :]
                self.close()
                self.open, self.used = moved, sum(unit.size for unit in moved)
                return

    def is_comma(self, unit: Unit) -> bool:
        return unit.insert is None and unit.token == self.comma


def to_chunk(units: Sequence[Unit]) -> Chunk:
    tokens: list[int] = []
    weights: list[float] = []
    inserts: list[tuple[int, Insert]] = []
    for unit in units:
        if unit.insert:
            inserts.append((len(tokens), unit.insert))
        tokens.extend([unit.token] * unit.size)
        weights.extend([unit.weight] * unit.size)
    return Chunk(tuple(tokens), tuple(weights), tuple(inserts))
