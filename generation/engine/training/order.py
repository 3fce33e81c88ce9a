"""Which pictures are learned at which step: a pure function of seed and step, so that a resumed run goes on the same.

Each round shows every picture of a size about equally often; a batch holds pictures of one size.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from generation.engine.training.buckets import Size


@dataclass(frozen=True)
class Order:
    """`members` are the indices of the pictures of each size."""

    seed: int
    batch: int
    members: tuple[tuple[Size, tuple[int, ...]], ...]

    @classmethod
    def of(cls, seed: int, batch: int, sizes: Sequence[Size | None]) -> Order:
        """`sizes` says each picture's; None stands for one that is not trained on."""
        kinds = sorted({size for size in sizes if size is not None})
        members = tuple((kind, tuple(i for i, size in enumerate(sizes) if size == kind)) for kind in kinds)
        return cls(seed, batch, members)

    @property
    def batches_a_round(self) -> int:
        return sum(-(-len(indices) // self.batch) for _, indices in self.members)

    def at(self, number: int) -> tuple[int, ...]:
        """The indices of batch `number`, counted from 0; always `batch` many."""
        round_, place = divmod(number, self.batches_a_round)
        return _round(self, round_)[place]


@functools.lru_cache(maxsize=8)
def _round(order: Order, round_: int) -> tuple[tuple[int, ...], ...]:
    rng = random.Random(f"{order.seed}/{round_}")
    batches = [batch for _, indices in order.members for batch in _dealt(rng, indices, order.batch)]
    rng.shuffle(batches)
    return tuple(batches)


def _dealt(rng: random.Random, indices: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    """All indices in batches of one size; what the last one lacks comes from a second shuffle."""
    dealt = rng.sample(indices, len(indices))
    while len(dealt) % size:
        short = size - len(dealt) % size
        begun = dealt[len(dealt) - len(dealt) % size :]
        rest = [index for index in rng.sample(indices, len(indices)) if index not in begun] or list(indices)
        dealt += rest[:short]
    return [tuple(dealt[start : start + size]) for start in range(0, len(dealt), size)]
