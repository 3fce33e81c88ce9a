"""LoRA files kept in memory as tensors, by their pinned hash and within a budget."""

from __future__ import annotations

import threading
from collections import OrderedDict

import torch

from generation.engine.lora.file import LoraWeights, read_lora
from generation.engine.streams import beside_the_engine
from generation.engine.weightsource import WeightSource, pinned_file


class LoraCache:
    """LoRAs by hash, least recently used forgotten first. Thread-safe; reads on the caller's thread, not the engine's.

    `device` and `dtype` are where the LoRAs will be used, so that putting one on a network copies nothing.
    """

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
        self._device = torch.device(device)
        self._dtype = dtype
        self._held: OrderedDict[str, LoraWeights] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> LoraWeights:
        """The LoRA pinned by `sha256`. Raises WeightsRefused when it is missing, changed or unusable."""
        with self._lock:
            if found := self._held.get(sha256):
                self._held.move_to_end(sha256)
                return found
        path = pinned_file(self._weights.lora, sha256, "LoRA")
        with beside_the_engine(self._device):
            loaded = read_lora(path, device=self._device, dtype=self._dtype)
        with self._lock:
            self._held[sha256] = loaded
            self._shrink()
        return loaded

    @property
    def held_bytes(self) -> int:
        with self._lock:
            return self._bytes()

    def _bytes(self) -> int:
        return sum(lora.size_bytes for lora in self._held.values())

    def _shrink(self) -> None:
        while len(self._held) > 1 and self._bytes() > self._budget_bytes:
            self._held.popitem(last=False)
