"""LoRAs on one layer, run by run: how a CPU does it. A run is neighbouring rows of a batch that pick the same.

Each run goes through a low-rank part of its own beside the base layer, or, where that is less work and memory allows,
through its own copy of the weight with the LoRAs added. How a GPU does it is `lora_stacks`'.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lorafile import LoraPair

Layer = nn.Linear | nn.Conv2d
Forward = Callable[[Tensor], Tensor]
Picks = tuple[tuple[str, float], ...]
"""One row's LoRAs and weights: no zeros, no key twice, sorted by key."""

WEIGHT_TRAFFIC = 8
"""Reading a weight from memory costs about as much as this many multiplications (one AVX2 core; it matters little)."""

_ONEDNN: Any = torch._C._nn
CAN_PACK = bool(torch._C._has_mkldnn) and hasattr(_ONEDNN, "mkldnn_reorder_conv2d_weight")
"""torch re-orders a convolution's weight for oneDNN at every call, which on few rows costs more than the arithmetic.

The operators that its own compiler uses for frozen CPU weights keep the order; without them a weight is used as it is.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows `start` to `stop` of the batch, which all pick the same."""

    picks: Picks
    start: int
    stop: int


class LowRank(NamedTuple):
    """A run's pairs put together: `down` (R, in...), `up` (out, R...) with the weights and scales inside."""

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


class MergedWeights:
    """What was computed from LoRAs, by (layer, picks, form); least recently used forgotten beyond `budget_bytes`.

    `allowance` is how many bytes may still be merged in this pass, so that a LoRA's arrival does not stall the others.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self.allowance = 0
        self._held: OrderedDict[tuple[str, Picks, object], tuple[Any, int]] = OrderedDict()

    def get(self, place: tuple[str, Picks, object], make: Callable[[], tuple[Any, int]]) -> Any:
        if place not in self._held:
            self._held[place] = make()
            self.held_bytes += self._held[place][1]
            self.allowance -= self._held[place][1]
            while self.held_bytes > self.budget_bytes and len(self._held) > 1:
                self.held_bytes -= self._held.popitem(last=False)[1][1]
        self._held.move_to_end(place)
        return self._held[place][0]

    def __contains__(self, place: tuple[str, Picks, object]) -> bool:
        return place in self._held

    def discard(self, key: str) -> None:
        """Forget everything that the LoRA `key` is part of."""
        for place in [place for place in self._held if any(key == picked for picked, _ in place[1])]:
            self.held_bytes -= self._held.pop(place)[1]


class RunwiseLayer:
    """One layer's forward for one arrangement of rows. Rows that pick nothing get the base layer's output: to the bit
    beside low-rank parts, to rounding beside merged weights."""

    def __init__(
        self, name: str, layer: Layer, runs: Sequence[Run], pairs: Mapping[str, LoraPair], merged: MergedWeights | None
    ) -> None:
        self._name, self._layer, self._pairs, self._merged = name, layer, pairs, merged
        self._runs = [Run(tuple(pick for pick in run.picks if pick[0] in pairs), run.start, run.stop) for run in runs]
        self._picked = [run for run in self._runs if run.picks]
        self._low_rank: Forward | None = None
        self._merged_forwards: dict[torch.Size, Forward] = {}

    def __call__(self, states: Tensor) -> Tensor:
        forward = self._merged_forwards.get(states.shape) or self._choose(states)
        return forward(states)

    def _choose(self, states: Tensor) -> Forward:
        if self._merged and self._merging_pays(states) and self._may_merge_now(self._merged, states):
            self._merged_forwards[states.shape] = self._make_merged(self._merged, states)
            return self._merged_forwards[states.shape]
        if self._low_rank is None:
            self._low_rank = self._make_low_rank()
        return self._low_rank

    def _make_low_rank(self) -> Forward:
        parts = [(run.start, run.stop, _low_rank(run.picks, self._pairs)) for run in self._picked]
        if isinstance(self._layer, nn.Linear):
            return _low_rank_linear(self._layer, self._runs[-1].stop, parts)
        return _low_rank_conv(self._layer, parts)

    def _merging_pays(self, states: Tensor) -> bool:
        """Convolutions always gain by their lasting order; a linear layer if products cost more than weights."""
        if isinstance(self._layer, nn.Conv2d):
            return True
        vectors = states.numel() // self._layer.in_features // self._runs[-1].stop
        ranks = sum((run.stop - run.start) * sum(self._pairs[key].rank for key, _ in run.picks) for run in self._picked)
        products = vectors * ranks * (self._layer.in_features + self._layer.out_features)
        return (len(self._runs) - 1) * self._layer.weight.numel() * WEIGHT_TRAFFIC < products

    def _may_merge_now(self, merged: MergedWeights, states: Tensor) -> bool:
        """A batch of one run merges at once: it stalls nobody, and a lone picture must not depend on history."""
        ready = all(self._place(run, states) in merged for run in self._runs)
        return len(self._runs) == 1 or ready or merged.allowance > 0

    def _place(self, run: Run, states: Tensor) -> tuple[str, Picks, object]:
        form = (run.stop - run.start, *states.shape[1:]) if isinstance(self._layer, nn.Conv2d) else ""
        return self._name, run.picks, form

    def _make_merged(self, merged: MergedWeights, states: Tensor) -> Forward:
        layer, parts = self._layer, []
        for run in self._runs:
            make = partial(self._merge, layer, run.picks, states[run.start : run.stop].shape)
            parts.append((run.start, run.stop, merged.get(self._place(run, states), make)))
        if isinstance(layer, nn.Linear):
            return _merged_linear(layer, self._runs[-1].stop, parts)
        if len(parts) == 1:
            return parts[0][2]  # type: ignore[no-any-return]
        return lambda states: torch.cat([convolved(states[start:stop]) for start, stop, convolved in parts])

    def _merge(self, layer: Layer, picks: Picks, shape: torch.Size) -> tuple[Tensor | Forward, int]:
        """A linear layer's turned weight, or a convolution, and its bytes. Without picks it is the base layer's own."""
        weight = merged_weight(layer, picks, self._pairs) if picks else layer.weight
        if isinstance(layer, nn.Linear):
            return weight.t(), weight.nbytes if picks else 0
        return packed_convolution(layer, weight, shape), weight.nbytes


def merged_weight(layer: Layer, picks: Picks, pairs: Mapping[str, LoraPair]) -> Tensor:
    """The layer's weight with its picks added, in a new tensor; the base weight is only read."""
    low = _low_rank(picks, pairs)
    return torch.addmm(layer.weight.flatten(1), low.up.flatten(1), low.down.flatten(1)).view_as(layer.weight)


def _low_rank(picks: Picks, pairs: Mapping[str, LoraPair]) -> LowRank:
    ups = [pairs[key].up * (weight * pairs[key].scale) for key, weight in picks]
    downs = [pairs[key].down for key, _ in picks]
    if len(picks) == 1:
        return LowRank(downs[0], ups[0])
    return LowRank(torch.cat(downs), torch.cat(ups, dim=1))


def _low_rank_linear(layer: nn.Linear, rows: int, parts: Sequence[tuple[int, int, LowRank]]) -> Forward:
    turned = [(start, stop, low.down.t(), low.up.t()) for start, stop, low in parts]

    def forward(states: Tensor) -> Tensor:
        base = functional.linear(states, layer.weight, layer.bias)
        vectors, out = states.reshape(rows, -1, states.shape[-1]), base.view(rows, -1, base.shape[-1])
        for start, stop, down, up in turned:
            here, there = vectors[start:stop].flatten(0, 1), out[start:stop].flatten(0, 1)
            there.addmm_(torch.mm(here, down), up)
        return base

    return forward


def _low_rank_conv(layer: nn.Conv2d, parts: Sequence[tuple[int, int, LowRank]]) -> Forward:
    base_convolution = convolution(layer, layer.weight)

    def forward(states: Tensor) -> Tensor:
        base = base_convolution(states)
        for start, stop, low in parts:
            ranks = convolve(layer, states[start:stop], low.down, None)
            base[start:stop].add_(functional.conv2d(ranks, low.up))
        return base

    return forward


def _merged_linear(layer: nn.Linear, rows: int, parts: Sequence[tuple[int, int, Tensor]]) -> Forward:
    bias = layer.bias

    def forward(states: Tensor) -> Tensor:
        vectors = states.reshape(rows, -1, states.shape[-1])
        out = vectors.new_empty(rows, vectors.shape[1], layer.out_features)
        for start, stop, weight in parts:
            here, there = vectors[start:stop].flatten(0, 1), out[start:stop].flatten(0, 1)
            if bias is None:
                torch.mm(here, weight, out=there)
            else:
                torch.addmm(bias, here, weight, out=there)
        return out.view(*states.shape[:-1], layer.out_features)

    return forward


def convolution(layer: nn.Conv2d, weight: Tensor) -> Forward:
    return lambda states: convolve(layer, states, weight, layer.bias)


def convolve(layer: nn.Conv2d, states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Another weight on the layer's own geometry."""
    return functional.conv2d(states, weight, bias, layer.stride, layer.padding, layer.dilation)


def packed_convolution(layer: nn.Conv2d, weight: Tensor, shape: torch.Size) -> Forward:
    """A convolution for states of exactly this shape: oneDNN is far slower for others than it ordered for."""
    if not CAN_PACK or weight.dtype != torch.float32 or isinstance(layer.padding, str) or weight.shape[2:] == (1, 1):
        return convolution(layer, weight)
    geometry: tuple[Any, ...] = list(layer.padding), list(layer.stride), list(layer.dilation), 1
    packed = _ONEDNN.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), *geometry, list(shape))
    bias, packed_convolve = layer.bias, torch.ops.mkldnn._convolution_pointwise
    return lambda states: packed_convolve(states, packed, bias, *geometry, "none", [], "")
