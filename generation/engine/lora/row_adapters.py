"""The LoRAs of each row of a batch, and their pairs put together into as few matrices as that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from generation.engine.lora.file import LoraPair
from generation.engine.lru_cache import LruCache, one

Layer = nn.Linear | nn.Conv2d
Forward = Callable[[Tensor], Tensor]
"""States (rows, ..., in) or (rows, in, h, w) to the layer's output of the same layout."""

RowAdapters = tuple[tuple[str, float], ...]
"""One row's LoRAs by key (sha256), each with its weight: no zeros, no key twice, sorted by key."""


FORWARDS_KEPT = 2
"""Pictures of two sizes may alternate with equal adapters; what older sizes held, `MergedWeights` may still keep."""


def forwards_by_shape() -> LruCache[torch.Size, Forward]:
    """One layer's. Each forward keeps weights alive: one for every shape ever seen would outgrow any budget."""
    return LruCache(FORWARDS_KEPT, one)


@dataclass(frozen=True, slots=True)
class RowSpan:
    """Rows `start` to `stop` of the batch, neighbours with equal adapters."""

    adapters: RowAdapters
    start: int
    stop: int


class LowRank(NamedTuple):
    """Pairs put together: `down` (R, in...), `up` (out, R...) with the weights and scales inside."""

    down: Tensor
    up: Tensor


def spans_of(rows: Sequence[RowAdapters]) -> tuple[RowSpan, ...]:
    """The batch as spans (the two rows of classifier-free guidance always are one)."""
    spans: list[RowSpan] = []
    for index, adapters in enumerate(rows):
        if spans and spans[-1].adapters == adapters:
            spans[-1] = RowSpan(adapters, spans[-1].start, index + 1)
        else:
            spans.append(RowSpan(adapters, index, index + 1))
    return tuple(spans)


def equal_groups(rows: Sequence[RowAdapters]) -> list[RowAdapters]:
    """The batch as groups of one size: its spans where all are equally long, else every row by itself."""
    spans = spans_of(rows)
    if len({span.stop - span.start for span in spans}) == 1:
        return [span.adapters for span in spans]
    return list(rows)


def rank_of(adapters: RowAdapters, pairs: Mapping[str, LoraPair]) -> int:
    """How many ranks the adapters have here together; those without a pair for this layer have none."""
    return sum(pairs[key].rank for key, _ in adapters if key in pairs)


def low_rank(adapters: RowAdapters, pairs: Mapping[str, LoraPair]) -> LowRank:
    """The pairs of one set of adapters as one, `down` (R, in...) and `up` (out, R...); each must be there."""
    ups = [pairs[key].up * (weight * pairs[key].scale) for key, weight in adapters]
    downs = [pairs[key].down for key, _ in adapters]
    if len(adapters) == 1:
        return LowRank(downs[0], ups[0])
    return LowRank(torch.cat(downs), torch.cat(ups, dim=1))


def gathered(groups: Sequence[RowAdapters], pairs: Mapping[str, LoraPair]) -> LowRank:
    """`down` (groups, R, in * kh * kw) and `up` (groups, out, R), R the most ranks of a group; others end in zeros."""
    like = next(iter(pairs.values()))
    widest = max(rank_of(adapters, pairs) for adapters in groups)
    down = like.down.new_zeros(len(groups), widest, like.down[0].numel())
    up = like.up.new_zeros(len(groups), like.up.shape[0], widest)
    for index, adapters in enumerate(groups):
        end = 0
        for key, weight in adapters:
            if pair := pairs.get(key):
                start, end = end, end + pair.rank
                down[index, start:end] = pair.down.flatten(1)
                torch.mul(pair.up.flatten(1), weight * pair.scale, out=up[index, :, start:end])
    return LowRank(down, up)
