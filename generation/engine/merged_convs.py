"""Convolutions whose weight has a row's LoRAs added, each set of picks in its own copy: fast on a CPU, dear in memory.

A LoRA on a small convolution costs nearly as much as the convolution, and torch re-orders a convolution's weight for
oneDNN at every call. A merged weight that stays in oneDNN's order costs less than the base layer does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lora_layers import Forward, Picks, Run
from generation.engine.lorafile import LoraPair

Convolution = Forward

SAMPLE_SIZE = (2, 16, 16)
"""Batch, height, width that weights are ordered for: always the same, so that one picture never depends on another's."""


class MergedConvs:
    """Merged convolutions by (layer, picks), least recently used forgotten beyond `budget_bytes`. One thread at a time."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._held: OrderedDict[tuple[str, Picks], tuple[Convolution, int]] = OrderedDict()
        self.held_bytes = 0

    def has_room(self, needed_bytes: int) -> bool:
        """Whether weights of that many bytes could be held together."""
        return needed_bytes <= self._budget_bytes

    def forward(self, name: str, layer: nn.Conv2d, runs: Sequence[Run], pairs: Mapping[str, LoraPair]) -> Forward:
        """Each run through its own merged weight; a run that picks nothing here through the base layer's."""
        parts = [(run.start, run.stop, self._merged(name, layer, run.picks, pairs)) for run in runs]

        def forward(states: Tensor) -> Tensor:
            return torch.cat([convolve(states[start:stop]) for start, stop, convolve in parts])

        return parts[0][2] if len(parts) == 1 else forward

    def discard(self, key: str) -> None:
        """Forget every weight that the LoRA `key` was merged into."""
        for place in [place for place in self._held if any(key == picked for picked, _ in place[1])]:
            self.held_bytes -= self._held.pop(place)[1]

    def _merged(self, name: str, layer: nn.Conv2d, picks: Picks, pairs: Mapping[str, LoraPair]) -> Convolution:
        here = tuple((key, weight) for key, weight in picks if key in pairs)
        if not here:
            return _convolution(layer, layer.weight)
        place = name, here
        if place not in self._held:
            weight = _merged_weight(layer, here, pairs)
            self._held[place] = _packed_convolution(layer, weight), weight.nbytes
            self.held_bytes += weight.nbytes
            self._shrink()
        self._held.move_to_end(place)
        return self._held[place][0]

    def _shrink(self) -> None:
        while self.held_bytes > self._budget_bytes and len(self._held) > 1:
            self.held_bytes -= self._held.popitem(last=False)[1][1]


def _merged_weight(layer: nn.Conv2d, picks: Picks, pairs: Mapping[str, LoraPair]) -> Tensor:
    """The layer's weight with its picks added, in a new tensor; the base weight is only read."""
    down = torch.cat([pairs[key].down.flatten(1) for key, _ in picks])
    up = torch.cat([pairs[key].up.flatten(1) * (weight * pairs[key].scale) for key, weight in picks], dim=1)
    return torch.addmm(layer.weight.flatten(1), up, down).view_as(layer.weight)


def _convolution(layer: nn.Conv2d, weight: Tensor) -> Convolution:
    bias, geometry = layer.bias, (layer.stride, layer.padding, layer.dilation)
    return lambda states: functional.conv2d(states, weight, bias, *geometry)


def _packed_convolution(layer: nn.Conv2d, weight: Tensor) -> Convolution:
    if not CAN_PACK or weight.dtype != torch.float32 or isinstance(layer.padding, str):
        return _convolution(layer, weight)
    batch, height, width = SAMPLE_SIZE
    geometry: tuple[Any, ...] = list(layer.padding), list(layer.stride), list(layer.dilation), 1
    sample = [batch, layer.in_channels, height, width]
    packed = torch._C._nn.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), *geometry, sample)
    bias, convolve = layer.bias, torch.ops.mkldnn._convolution_pointwise
    return lambda states: convolve(states, packed, bias, *geometry, "none", [], "")


CAN_PACK = torch.backends.mkldnn.is_available() and hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight")
"""The operators that torch's own compiler uses for frozen CPU weights; without them merged weights are used as they are."""
