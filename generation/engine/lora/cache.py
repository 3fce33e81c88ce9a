"""LoRA files kept in memory as tensors, by their pinned hash and within a budget."""

from __future__ import annotations

import torch

from generation.engine.lora.file import LoraWeights, read_lora
from generation.engine.lru_cache import LruCache
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
        self._device = torch.device(device)
        self._dtype = dtype
        # One always stays: a request asks for its LoRA several times, and a large file is slow to read.
        self._held: LruCache[str, LoraWeights] = LruCache(budget_bytes, lambda lora: lora.size_bytes, at_least=1)

    def get(self, sha256: str) -> LoraWeights:
        """The LoRA pinned by `sha256`. Raises WeightsRefused when it is missing, changed or unusable."""
        return self._held.get_or_make(sha256, lambda: self._read(sha256))

    @property
    def held_bytes(self) -> int:
        return self._held.used

    def _read(self, sha256: str) -> LoraWeights:
        path = pinned_file(self._weights.lora, sha256, "LoRA")
        with beside_the_engine(self._device):
            return read_lora(path, device=self._device, dtype=self._dtype)
