"""Who in a batch picks which LoRAs, and their pairs put together into as few matrices as that takes."""

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
Picks = tuple[tuple[str, float], ...]
"""One row's LoRAs and weights: no zeros, no key twice, sorted by key."""


FORWARDS_KEPT = 2
"""Two sizes of picture may take turns with equal picks; what older sizes held is `MergedWeights`' to keep or forget."""


def forwards_by_shape() -> LruCache[torch.Size, Forward]:
    """One layer's. Each forward keeps weights alive: one for every shape ever seen would outgrow any budget."""
    return LruCache(FORWARDS_KEPT, one)


@dataclass(frozen=True, slots=True)
class Run:
    """Rows `start` to `stop` of the batch, neighbours that all pick the same."""

    picks: Picks
    start: int
    stop: int


class LowRank(NamedTuple):
    """Pairs put together: `down` (R, in...), `up` (out, R...) with the weights and scales inside."""

    down: Tensor
    up: Tensor


def runs_of(rows: Sequence[Picks]) -> tuple[Run, ...]:
    """The batch as runs (the two rows of classifier-free guidance always are one)."""
    runs: list[Run] = []
    for index, picks in enumerate(rows):
        if runs and runs[-1].picks == picks:
            runs[-1] = Run(picks, runs[-1].start, index + 1)
        else:
            runs.append(Run(picks, index, index + 1))
    return tuple(runs)


def equal_groups(rows: Sequence[Picks]) -> list[Picks]:
    """The batch as groups of one size: its runs where all are equally long, else every row by itself."""
    runs = runs_of(rows)
    if len({run.stop - run.start for run in runs}) == 1:
        return [run.picks for run in runs]
    return list(rows)


def rank_of(picks: Picks, pairs: Mapping[str, LoraPair]) -> int:
    return sum(pairs[key].rank for key, _ in picks if key in pairs)


def low_rank(picks: Picks, pairs: Mapping[str, LoraPair]) -> LowRank:
    """The pairs of one set of picks; each must be there."""
    ups = [pairs[key].up * (weight * pairs[key].scale) for key, weight in picks]
    downs = [pairs[key].down for key, _ in picks]
    if len(picks) == 1:
        return LowRank(downs[0], ups[0])
    return LowRank(torch.cat(downs), torch.cat(ups, dim=1))


def gathered(groups: Sequence[Picks], pairs: Mapping[str, LoraPair]) -> LowRank:
    """`down` (groups, R, in * kh * kw) and `up` (groups, out, R), R the most ranks of a group; others end in zeros."""
    like = next(iter(pairs.values()))
    widest = max(rank_of(picks, pairs) for picks in groups)
    down = like.down.new_zeros(len(groups), widest, like.down[0].numel())
    up = like.up.new_zeros(len(groups), like.up.shape[0], widest)
    for index, picks in enumerate(groups):
        end = 0
        for key, weight in picks:
            if pair := pairs.get(key):
                start, end = end, end + pair.rank
                down[index, start:end] = pair.down.flatten(1)
                torch.mul(pair.up.flatten(1), weight * pair.scale, out=up[index, :, start:end])
    return LowRank(down, up)
