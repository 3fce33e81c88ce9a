"""LoRAs mixed in one batch: each row of a forward pass has its own set of LoRAs with its own weights.

Base weights are never touched and no module is replaced: while a batch with LoRAs runs, the targeted layers carry
another `forward`; outside of that the network is plain. Files are read by `file`, the arithmetic is `on_cpu` and
`on_gpu`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from generation.engine.lora.cache import LoraCache
from generation.engine.lora.file import LoraPair, LoraWeights, Pairs
from generation.engine.lora.on_cpu import CpuLayer, MergedWeights
from generation.engine.lora.on_gpu import GpuLayer
from generation.engine.lora.row_adapters import Forward, Layer, RowAdapters
from generation.engine.lru_cache import LruCache, one
from generation.engine.outcome import WeightsRefused
from generation.weightfiles.lora_keys import flatten

__all__ = ["LoraCache", "LoraWeights", "MixedLoras"]

PLANS_KEPT = 4
MERGED_BYTES = 256 * 1024**2
MERGED_PER_PASS = 4 * 1024**2


class MixedLoras:
    """The LoRAs resident on one network (a UNet or a text encoder). Thread-safe; `rows` admits one thread at a time."""

    def __init__(self, network: nn.Module, *, merged_bytes: int = MERGED_BYTES) -> None:
        layers = ((name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d))
        self._layers: dict[str, Layer] = {flatten(name): layer for name, layer in layers}
        self._resident: dict[str, Pairs] = {}
        self._plans: LruCache[tuple[RowAdapters, ...], dict[str, Forward]] = LruCache(PLANS_KEPT, one)
        self._merged = MergedWeights(merged_bytes)
        self._changing = threading.Lock()
        self._running = threading.RLock()

    def add(self, key: str, pairs: Pairs) -> None:
        """Make a LoRA known as `key`. Raises WeightsRefused when a pair has no layer here or does not fit it.

        Cheap when the pairs already lie on the network's device in its dtype; may run while others denoise.
        """
        ready = {name: self._fit(name, pair) for name, pair in pairs.items()}
        with self._changing:
            self._resident[key] = ready

    def discard(self, key: str) -> None:
        """Forget a LoRA; unknown keys are no error. Must not be called while a batch that has it runs."""
        with self._changing:
            self._resident.pop(key, None)
            self._merged.discard(key)
            self._plans.discard(lambda rows: any(key == other for row in rows for other, _ in row))

    def clear(self) -> None:
        """Let go of every LoRA and of the network itself: for a checkpoint that leaves memory."""
        with self._running, self._changing:
            self._resident.clear()
            self._plans.clear()
            self._layers.clear()
            self._merged = MergedWeights(0)

    def __contains__(self, key: str) -> bool:
        return key in self._resident

    @contextmanager
    def rows(self, adapters: Sequence[Sequence[tuple[str, float]]]) -> Iterator[None]:
        """Inside the block, row i of every batch has the LoRAs `adapters[i]`, (key, weight) pairs.

        Weight 0 is none; a LoRA named twice adds up. The batch must have len(adapters) rows. When no row has any, the
        network is untouched: equal to the bit.
        Raises KeyError for a key that was not added.
        """
        rows = tuple(_row_adapters(row) for row in adapters)
        with self._running:
            plan: dict[str, Forward] = {}
            if any(rows):
                with self._changing:
                    plan = self._plans.get_or_make(rows, lambda: self._make_plan(rows))
            self._merged.allowance = MERGED_PER_PASS
            for name, forward in plan.items():
                self._layers[name].__dict__["forward"] = forward  # shadows the class's, as no hook or wrapper does
            try:
                yield
            finally:
                for name in plan:
                    self._layers[name].__dict__.pop("forward", None)

    def _fit(self, name: str, pair: LoraPair) -> LoraPair:
        layer = self._layers.get(name)
        if layer is None:
            raise WeightsRefused(
                "other-family", f"The LoRA is for another checkpoint: “{name}” does not exist in this one."
            )
        down, up = _shape_for(layer, pair)
        expected = layer.weight.shape[1:], layer.weight.shape[0]
        if (down.shape[1:], up.shape[0]) != expected or (isinstance(layer, nn.Conv2d) and layer.groups != 1):
            raise WeightsRefused("other-family", f"The LoRA is for another checkpoint: “{name}” has other sizes there.")
        device, dtype = layer.weight.device, layer.weight.dtype
        return LoraPair(down.to(device, dtype), up.to(device, dtype), pair.scale)

    def _make_plan(self, rows: tuple[RowAdapters, ...]) -> dict[str, Forward]:
        keys = sorted({key for row in rows for key, _ in row})
        names = dict.fromkeys(name for key in keys for name in self._resident[key])
        # Small networks only: a copy of all targeted weights must fit.
        fits = sum(self._layers[name].weight.nbytes for name in names) <= self._merged.held.budget
        merged = self._merged if fits else None
        plan: dict[str, Forward] = {}
        for name in names:
            layer = self._layers[name]
            pairs = {key: self._resident[key][name] for key in keys if name in self._resident[key]}
            if layer.weight.device.type == "cpu":
                plan[name] = CpuLayer(name, layer, rows, pairs, merged)
            else:
                plan[name] = GpuLayer(layer, rows, pairs)
        return plan


def _row_adapters(row: Sequence[tuple[str, float]]) -> RowAdapters:
    sums: dict[str, float] = {}
    for key, weight in row:
        sums[key] = sums.get(key, 0.0) + weight
    return tuple(sorted((key, weight) for key, weight in sums.items() if weight))


def _shape_for(layer: Layer, pair: LoraPair) -> tuple[Tensor, Tensor]:
    """`down` (rank, in) and `up` (out, rank), or with (kh, kw) and (1, 1) behind for a convolution.

    1x1 convolutions and linear layers are the same thing; files write either for the other.
    """
    down, up = pair.down, pair.up
    if isinstance(layer, nn.Linear):
        return (down.flatten(1) if down.shape[2:] == (1, 1) else down), up.flatten(1)
    if down.ndim == 2 and down.shape[1] == layer.weight[0].numel():  # LyCORIS' kernels lie flat
        down = down.reshape(-1, *layer.weight.shape[1:])
    return (down[:, :, None, None] if down.ndim == 2 else down), (up[:, :, None, None] if up.ndim == 2 else up)
