"""LoRAs on one layer as a CPU does it: what its cache and its libraries like depends on who shares the batch.

A batch whose rows all have the same adapters runs on a copy of the weight with the LoRAs added, where memory allows. In
a mixed batch all rows' low-rank parts are gathered, so that a layer costs two or three operations more, however many
LoRAs there are. Measured in one process on 8 rows of the bundled checkpoint at 8x8 latents, LoRAs of rank 8 on every
layer, time to plain: merged weights for each span of equal rows 1.36 (4 sets of adapters) and 1.76 (8 sets), gathered
1.28 and 1.27 (1.48 and 1.50 where a processor's plain convolutions are faster); on attention layers alone low-rank
parts span by span 1.13 and 1.21, gathered 1.08. How a GPU does it: `on_gpu`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lora.convolutions import (
    can_pack,
    grouped_convolution,
    is_pointwise,
    packed_convolution,
    pointwise_convolution,
    spanwise_convolution,
)
from generation.engine.lora.file import LoraPair
from generation.engine.lora.on_gpu import linear_forward
from generation.engine.lora.row_adapters import Forward, Layer, RowAdapters, forwards_by_shape, low_rank, spans_of
from generation.engine.lru_cache import LruCache


class MergedWeights:
    """What was computed from LoRAs, by (layer, adapters, form); least recently used forgotten beyond `budget_bytes`.

    `allowance` is how many bytes may still be made in this pass, so that a LoRA's arrival does not stall the others.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.held: LruCache[tuple[str, RowAdapters, object], tuple[Forward, int]] = LruCache(
            budget_bytes, lambda made: made[1], at_least=1
        )
        self.allowance = 0

    def get(self, place: tuple[str, RowAdapters, object], make: Callable[[], tuple[Forward, int]]) -> Forward:
        def paid() -> tuple[Forward, int]:
            made = make()
            self.allowance -= made[1]
            return made

        return self.held.get_or_make(place, paid)[0]

    def discard(self, key: str) -> None:
        """Forget everything that the LoRA `key` is part of."""
        self.held.discard(lambda place: any(key == other for other, _ in place[1]))


class CpuLayer:
    """One layer's forward for one arrangement of rows. Rows without adapters get the base layer's output: to the bit
    from linear layers, to rounding from convolutions.

    `merged` is None for networks that are too large to have copies of their weights.
    """

    def __init__(
        self,
        name: str,
        layer: Layer,
        rows: tuple[RowAdapters, ...],
        pairs: Mapping[str, LoraPair],
        merged: MergedWeights | None,
    ) -> None:
        self._name, self._layer, self._pairs, self._merged = name, layer, pairs, merged
        self._rows = tuple(tuple(one for one in adapters if one[0] in pairs) for adapters in rows)
        self._forwards = forwards_by_shape()
        self._meanwhile: Forward | None = None

    def __call__(self, states: Tensor) -> Tensor:
        forward = self._forwards.get(states.shape)
        if forward is None:
            if self._merged is not None and self._packs_later(self._merged):
                forward = self._meanwhile = self._meanwhile or self._unpacked()
            else:
                forward = self._forwards.put(states.shape, self._make(states))
        return forward(states)

    def _alike(self) -> bool:
        return len(set(self._rows)) == 1

    def _packs_later(self, merged: MergedWeights) -> bool:
        """Whether this layer's weights are to be packed, and this pass has packed enough already.

        Rows that are all alike do not wait: that stalls nobody, and a lone picture must not depend on history.
        """
        return can_pack(self._layer) and not self._alike() and merged.allowance <= 0

    def _make(self, states: Tensor) -> Forward:
        layer, merged, shape = self._layer, self._merged, states.shape
        if merged is not None and self._alike():
            form = shape if can_pack(layer) else None
            return merged.get((self._name, self._rows[0], form), lambda: self._with_loras(shape))
        if isinstance(layer, nn.Linear):
            return linear_forward(layer, self._rows, self._pairs, states)
        if merged is not None and can_pack(layer):
            base = merged.get((self._name, (), shape), lambda: _packed(layer, layer.weight, shape))
            merged.allowance -= len(set(self._rows)) * max(pair.size_bytes for pair in self._pairs.values())
            return grouped_convolution(layer, base, self._rows, self._pairs, shape)
        return self._unpacked()

    def _unpacked(self) -> Forward:
        assert isinstance(self._layer, nn.Conv2d)
        if is_pointwise(self._layer):
            return pointwise_convolution(self._layer, self._rows, self._pairs)
        return spanwise_convolution(self._layer, spans_of(self._rows), self._pairs)

    def _with_loras(self, shape: torch.Size) -> tuple[Forward, int]:
        """The layer with everybody's LoRAs in a copy of its weight, and the copy's bytes."""
        layer = self._layer
        low = low_rank(self._rows[0], self._pairs)
        # In a new tensor: the base weight is only read.
        weight = torch.addmm(layer.weight.flatten(1), low.up.flatten(1), low.down.flatten(1)).view_as(layer.weight)
        if isinstance(layer, nn.Conv2d):
            return _packed(layer, weight, shape)
        return partial(functional.linear, weight=weight, bias=layer.bias), weight.nbytes


def _packed(layer: nn.Conv2d, weight: Tensor, shape: torch.Size) -> tuple[Forward, int]:
    return packed_convolution(layer, weight, shape), weight.nbytes
