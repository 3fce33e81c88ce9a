"""LoRAs on one layer for the whole batch at once: how a GPU does it, with few and large operations.

How a CPU does it: `on_cpu`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lora.convolutions import convolve
from generation.engine.lora.file import LoraPair
from generation.engine.lora.row_adapters import (
    Forward,
    Layer,
    RowAdapters,
    equal_groups,
    forwards_by_shape,
    gathered,
    rank_of,
)

GATHERING = 20
"""Copying one rank of one group costs about as much as multiplying this many vectors with it."""


class GpuLayer:
    """One layer's forward for one arrangement of rows. Rows without adapters get the base layer's output exactly."""

    def __init__(self, layer: Layer, rows: tuple[RowAdapters, ...], pairs: Mapping[str, LoraPair]) -> None:
        self._layer, self._rows, self._pairs = layer, rows, pairs
        self._forwards = forwards_by_shape()

    def __call__(self, states: Tensor) -> Tensor:
        return self._forwards.get_or_make(states.shape, lambda: self._choose(states))(states)

    def _choose(self, states: Tensor) -> Forward:
        if isinstance(self._layer, nn.Linear):
            return linear_forward(self._layer, self._rows, self._pairs, states)
        return conv_forward(self._layer, self._rows, self._pairs)


def linear_forward(
    layer: nn.Linear, rows: Sequence[RowAdapters], pairs: Mapping[str, LoraPair], states: Tensor
) -> Forward:
    """The forward for states of this shape (rows, ..., in). Rows without adapters get the base output to the bit.

    Stacked ranks cost all LoRAs' arithmetic for every row, gathered ranks cost copies of matrices: what is less.
    """
    groups = equal_groups(rows)
    widest = max(rank_of(adapters, pairs) for adapters in groups)
    stacked = sum(pair.rank for pair in pairs.values())
    vectors = states.numel() // layer.in_features
    if stacked * (vectors + GATHERING) <= widest * (vectors + GATHERING * len(groups)):
        return _stacked_linear(layer, rows, pairs)
    return _gathered_linear(layer, groups, pairs)


def conv_forward(layer: nn.Conv2d, rows: Sequence[RowAdapters], pairs: Mapping[str, LoraPair]) -> Forward:
    """Base output plus low-rank part, all LoRAs stacked, for states (rows, in, h, w).

    Rows without adapters get the base output to the bit.
    """
    down, up = _stacked(pairs)
    scale = _scaling(_row_scales(rows, pairs, down)[:, :, None, None])

    def forward(states: Tensor) -> Tensor:
        base = convolve(layer, states, layer.weight, layer.bias)
        low = scale(convolve(layer, states, down, None))
        return base.add_(functional.conv2d(low, up))

    return forward


def _stacked_linear(layer: nn.Linear, rows: Sequence[RowAdapters], pairs: Mapping[str, LoraPair]) -> Forward:
    down, up = _stacked(pairs)
    scale, up = _scaling(_row_scales(rows, pairs, down)[:, None, :]), up.t().contiguous()

    def forward(states: Tensor) -> Tensor:
        base = functional.linear(states, layer.weight, layer.bias)
        low = scale(functional.linear(states.reshape(len(rows), -1, states.shape[-1]), down))
        base.view(-1, base.shape[-1]).addmm_(low.view(-1, low.shape[-1]), up)
        return base

    return forward


def _gathered_linear(layer: nn.Linear, groups: Sequence[RowAdapters], pairs: Mapping[str, LoraPair]) -> Forward:
    down, up = (half.transpose(1, 2).contiguous() for half in gathered(groups, pairs))

    def forward(states: Tensor) -> Tensor:
        base = functional.linear(states, layer.weight, layer.bias)
        low = torch.bmm(states.reshape(len(down), -1, states.shape[-1]), down)
        base.view(len(up), -1, base.shape[-1]).baddbmm_(low, up)
        return base

    return forward


def _stacked(pairs: Mapping[str, LoraPair]) -> tuple[Tensor, Tensor]:
    """All LoRAs' ranks as one pair: (R, in...) and (out, R...), without weights and scales."""
    down = torch.cat([pair.down for pair in pairs.values()])
    return down, torch.cat([pair.up for pair in pairs.values()], dim=1)


def _row_scales(rows: Sequence[RowAdapters], pairs: Mapping[str, LoraPair], like: Tensor) -> Tensor:
    """(rows, R): what each row multiplies each of the stacked ranks with."""
    ranks = [(key, pair.scale) for key, pair in pairs.items() for _ in range(pair.rank)]
    values = [[weights.get(key, 0.0) * scale for key, scale in ranks] for weights in map(dict, rows)]
    return torch.tensor(values, dtype=like.dtype, device=like.device)


def _scaling(scales: Tensor) -> Forward:
    """Multiplies by (rows, 1, R) or (rows, R, 1, 1) in place.

    A stranger's LoRA may overflow on anybody's states, and infinity times 0 is not 0.
    """
    unpicked = scales == 0
    if not unpicked.any():
        return lambda low: low.mul_(scales)
    return lambda low: low.mul_(scales).masked_fill_(unpicked, 0.0)
