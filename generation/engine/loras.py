"""LoRAs mixed in one batch: each row of a forward pass has its own set of LoRAs with its own weights.

Base weights are never touched and no module is replaced: while a batch that picks LoRAs runs, the targeted layers carry
another `forward`; outside of that the network is plain. Reading files is `lorafile`'s.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lorafile import LoraPair, LoraWeights, Pairs, read_lora
from generation.engine.outcome import WeightsRefused
from generation.engine.weightsource import WeightSource
from generation.lora_keys import flatten

Rows = Sequence[Sequence[tuple[str, float]]]
"""For each row of the batch, its picks: (key, weight) pairs."""

Layer = nn.Linear | nn.Conv2d
Forward = Callable[[Tensor], Tensor]

PLANS_KEPT = 4


@dataclass(frozen=True, slots=True)
class _Stack:
    """The pairs of all picked LoRAs on one layer, one under the other: `down` (R, in...), `up` (out, R) or (out, R, 1, 1)."""

    keys: tuple[tuple[str, int, float], ...]
    down: Tensor
    up: Tensor


class MixedLoras:
    """The LoRAs resident on one network (a UNet or a text encoder). Thread-safe; `rows` admits one thread at a time."""

    def __init__(self, network: nn.Module) -> None:
        layers = ((name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d))
        self._layers: dict[str, Layer] = {flatten(name): layer for name, layer in layers}
        self._resident: dict[str, Pairs] = {}
        self._stacks: OrderedDict[tuple[str, ...], dict[str, _Stack]] = OrderedDict()
        self._plans: OrderedDict[object, dict[str, Forward]] = OrderedDict()
        self._changing = threading.Lock()
        self._running = threading.RLock()

    def add(self, key: str, pairs: Pairs) -> None:
        """Make a LoRA pickable as `key`. Raises WeightsRefused when a pair has no layer here or does not fit it."""
        ready = {name: self._fit(name, pair) for name, pair in pairs.items()}
        with self._changing:
            self._resident[key] = ready

    def discard(self, key: str) -> None:
        """Forget a LoRA; unknown keys are no error. Batches that still pick it fail with KeyError."""
        with self._changing:
            self._resident.pop(key, None)
            for cache in (self._stacks, self._plans):
                cache.clear()

    def __contains__(self, key: str) -> bool:
        return key in self._resident

    @contextmanager
    def rows(self, picks: Rows) -> Iterator[None]:
        """Inside the block, row i of every batch gets `picks[i]`. Weight 0 and rows without picks give the base output.

        The batch must have len(picks) rows. When no row picks anything, the network is untouched: equal to the bit.
        """
        kept = tuple(tuple((key, weight) for key, weight in row if weight) for row in picks)
        if not any(kept):
            with self._running:
                yield
            return
        with self._running:
            plan = self._plan(kept)
            for name, forward in plan.items():
                self._layers[name].__dict__["forward"] = forward
            try:
                yield
            finally:
                for name in plan:
                    self._layers[name].__dict__.pop("forward", None)

    def _fit(self, name: str, pair: LoraPair) -> LoraPair:
        layer = self._layers.get(name)
        if layer is None:
            raise WeightsRefused("other-family", f"The LoRA is for another checkpoint: “{name}” does not exist in this one.")
        down, up = _shape_for(layer, pair)
        expected = layer.weight.shape[1:], layer.weight.shape[0]
        if (down.shape[1:], up.shape[0]) != expected or (isinstance(layer, nn.Conv2d) and layer.groups != 1):
            raise WeightsRefused("other-family", f"The LoRA is for another checkpoint: “{name}” has other sizes there.")
        place = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        return LoraPair(down.to(**place), up.to(**place), pair.scale)

    def _plan(self, rows: tuple[tuple[tuple[str, float], ...], ...]) -> dict[str, Forward]:
        with self._changing:
            if rows not in self._plans:
                self._plans[rows] = self._make_plan(rows)
                while len(self._plans) > PLANS_KEPT:
                    self._plans.popitem(last=False)
            self._plans.move_to_end(rows)
            return self._plans[rows]

    def _make_plan(self, rows: tuple[tuple[tuple[str, float], ...], ...]) -> dict[str, Forward]:
        keys = tuple(sorted({key for row in rows for key, _ in row}))
        scales: dict[object, Tensor] = {}
        plan = {}
        for name, stack in self._stacked(keys).items():
            if stack.keys not in scales:
                scales[stack.keys] = _row_scales(rows, stack)
            layer = self._layers[name]
            make = _linear_forward if isinstance(layer, nn.Linear) else _conv_forward
            plan[name] = make(layer, stack, scales[stack.keys])  # type: ignore[arg-type]
        return plan

    def _stacked(self, keys: tuple[str, ...]) -> dict[str, _Stack]:
        if keys not in self._stacks:
            names = {name: None for key in keys for name in self._resident[key]}
            self._stacks[keys] = {name: self._stack(name, keys) for name in names}
            while len(self._stacks) > PLANS_KEPT:
                self._stacks.popitem(last=False)
        self._stacks.move_to_end(keys)
        return self._stacks[keys]

    def _stack(self, name: str, keys: tuple[str, ...]) -> _Stack:
        pairs = [(key, self._resident[key][name]) for key in keys if name in self._resident[key]]
        return _Stack(
            keys=tuple((key, pair.rank, pair.scale) for key, pair in pairs),
            down=torch.cat([pair.down for _, pair in pairs]),
            up=torch.cat([pair.up for _, pair in pairs], dim=1),
        )


def _shape_for(layer: Layer, pair: LoraPair) -> tuple[Tensor, Tensor]:
    """1x1 convolutions and linear layers are the same thing; files write either for the other."""
    down, up = pair.down, pair.up
    if isinstance(layer, nn.Linear):
        return (down.flatten(1) if down.shape[2:] == (1, 1) else down), up.flatten(1)
    return (down[:, :, None, None] if down.ndim == 2 else down), (up[:, :, None, None] if up.ndim == 2 else up)


def _row_scales(rows: Sequence[Sequence[tuple[str, float]]], stack: _Stack) -> Tensor:
    """(rows, R): what each row multiplies each of the R stacked ranks with."""
    sums: list[dict[str, float]] = []
    for row in rows:
        sums.append({})
        for key, weight in row:
            sums[-1][key] = sums[-1].get(key, 0.0) + weight
    values = [
        [found.get(key, 0.0) * scale for key, rank, scale in stack.keys for _ in range(rank)] for found in sums
    ]
    return torch.tensor(values, dtype=stack.down.dtype, device=stack.down.device)


def _linear_forward(layer: nn.Linear, stack: _Stack, scales: Tensor) -> Forward:
    down, up, count = stack.down, stack.up.t().contiguous(), len(scales)
    weight, bias = layer.weight, layer.bias
    scales = scales[:, None, :]

    def forward(states: Tensor) -> Tensor:
        base = functional.linear(states, weight, bias)
        low = functional.linear(states.view(count, -1, states.shape[-1]), down).mul_(scales)
        return base.view(-1, base.shape[-1]).addmm_(low.view(-1, low.shape[-1]), up).view(base.shape)

    return forward


def _conv_forward(layer: nn.Conv2d, stack: _Stack, scales: Tensor) -> Forward:
    down, up = stack.down, stack.up
    weight, bias, stride, padding, dilation = layer.weight, layer.bias, layer.stride, layer.padding, layer.dilation
    scales = scales[:, :, None, None]

    def forward(states: Tensor) -> Tensor:
        base = functional.conv2d(states, weight, bias, stride, padding, dilation)
        low = functional.conv2d(states, down, None, stride, padding, dilation).mul_(scales)
        return base.add_(functional.conv2d(low, up))

    return forward


class LoraCache:
    """LoRA files as tensors, least recently used forgotten first. Thread-safe; reads on the caller's thread."""

    def __init__(
        self,
        weights: WeightSource,
        budget_bytes: int,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        self._weights = weights
        self._budget_bytes = budget_bytes
        self._device = device
        self._dtype = dtype
        self._held: OrderedDict[str, LoraWeights] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> LoraWeights:
        """The LoRA pinned by `sha256`. Raises WeightsRefused when it is missing, changed or unusable."""
        with self._lock:
            if found := self._held.get(sha256):
                self._held.move_to_end(sha256)
                return found
        loaded = read_lora(self._weights.lora(sha256), device=self._device, dtype=self._dtype)
        with self._lock:
            self._held[sha256] = loaded
            self._shrink()
        return loaded

    @property
    def held_bytes(self) -> int:
        return sum(lora.size_bytes for lora in list(self._held.values()))

    def _shrink(self) -> None:
        while len(self._held) > 1 and self.held_bytes > self._budget_bytes:
            self._held.popitem(last=False)

