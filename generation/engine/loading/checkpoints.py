"""Checkpoints kept in memory within a budget of bytes, and leased to those who draw with them.

Not for telling what a file is from its header: that is `generation.weightfiles`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from generation.engine.families import Family
from generation.engine.leased_cache import LeasedCache
from generation.engine.loading.annotators import LoadedAnnotator, load_annotator
from generation.engine.loading.components import LoadedComponents
from generation.engine.loading.controlnets import LoadedControlNet, load_controlnet
from generation.engine.loading.layouts import load_components, load_vae
from generation.engine.lora.mixed_batch import MixedLoras
from generation.engine.previews import prepare_map
from generation.engine.streams import beside_the_engine
from generation.engine.weightsource import FolderWeights, WeightSource, pinned_file

__all__ = ["CheckpointCache", "FolderWeights", "LoadedCheckpoint", "WeightSource", "serving_dtype"]

CHECKPOINT = "checkpoint "
"""Keys in the cache that begin so are checkpoints; the others are what is used beside them."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCheckpoint:
    """A checkpoint in memory, in evaluation mode, gradients off. `vae` may be another file's (`vae_sha256`).

    `scheduler_config` is diffusers' and always says `clip_sample` False. The VAE's scaling factor is in `vae.config`.
    """

    sha256: str
    vae_sha256: str
    family: Family
    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    scheduler_config: dict[str, Any]
    device: torch.device
    dtype: torch.dtype
    unet_loras: MixedLoras
    text_loras: tuple[MixedLoras, ...]
    size_bytes: int


def serving_dtype(device: torch.device | str) -> torch.dtype:
    """float16 on a GPU; float32 on a CPU, where half precision is many times slower and often not even supported."""
    return torch.float16 if torch.device(device).type == "cuda" else torch.float32


class CheckpointCache:
    """Checkpoints and what is used beside them, by pinned hash; evicts the least recently used that nobody leases.

    Thread-safe.

    `budget_bytes` bounds what is kept, not what is leased: a checkpoint larger than the budget is still loaded.
    """

    def __init__(
        self,
        weights: WeightSource,
        *,
        budget_bytes: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        self._weights = weights
        self._device = torch.device(device)
        self._dtype = dtype or serving_dtype(device)
        self._held: LeasedCache[str, Any] = LeasedCache(budget_bytes, _evict)

    @contextmanager
    def lease(self, sha256: str, vae_sha256: str = "") -> Iterator[LoadedCheckpoint]:
        """The checkpoint, loaded if need be on this thread, and safe from eviction inside the block.

        Raises WeightsRefused when a file is missing, changed, broken or of no known family.
        """
        with self._held.lease(CHECKPOINT + sha256, lambda: self._load(sha256)) as checkpoint:
            if not vae_sha256:
                yield checkpoint
                return
            family = checkpoint.family
            with self._held.lease(f"vae {vae_sha256} {family.key}", lambda: self._load_vae(vae_sha256, family)) as vae:
                yield replace(checkpoint, vae=vae, vae_sha256=vae_sha256)

    @contextmanager
    def lease_controlnet(self, sha256: str) -> Iterator[LoadedControlNet]:
        """As `lease`. Whether it fits a checkpoint is not asked here."""
        with self._held.lease(f"controlnet {sha256}", lambda: self._load_controlnet(sha256)) as network:
            yield network

    @contextmanager
    def lease_annotator(self, sha256: str) -> Iterator[LoadedAnnotator]:
        """As `lease`."""
        with self._held.lease(f"annotator {sha256}", lambda: self._load_annotator(sha256)) as annotator:
            yield annotator

    @property
    def held_bytes(self) -> int:
        return self._held.held_bytes

    @property
    def loaded(self) -> set[str]:
        """The sha256 of the checkpoints in memory, leased or not."""
        return {key.removeprefix(CHECKPOINT) for key in self._held.keys if key.startswith(CHECKPOINT)}

    def clear(self) -> None:
        """Forget everything that is not leased."""
        self._held.clear()

    def _load(self, sha256: str) -> tuple[LoadedCheckpoint, int]:
        path = pinned_file(self._weights.checkpoint, sha256, "checkpoint")
        with beside_the_engine(self._device):
            components = load_components(path, device=self._device, dtype=self._dtype)
            prepare_map(components.family.key, components.vae)
        networks = (components.unet, components.vae, *components.text_encoders)
        size = sum(weights_bytes(network) for network in networks)
        return self._loaded(sha256, components, size), size

    def _loaded(self, sha256: str, components: LoadedComponents, size: int) -> LoadedCheckpoint:
        return LoadedCheckpoint(
            sha256=sha256,
            vae_sha256="",
            family=components.family,
            unet=components.unet,
            vae=components.vae,
            text_encoders=components.text_encoders,
            tokenizers=components.tokenizers,
            scheduler_config={**components.scheduler_config, "clip_sample": False},
            device=self._device,
            dtype=self._dtype,
            unet_loras=MixedLoras(components.unet),
            text_loras=tuple(MixedLoras(encoder) for encoder in components.text_encoders),
            size_bytes=size,
        )

    def _load_vae(self, sha256: str, family: Family) -> tuple[Any, int]:
        path = pinned_file(self._weights.vae, sha256, "VAE")
        with beside_the_engine(self._device):
            vae = load_vae(path, family, device=self._device, dtype=self._dtype)
            prepare_map(family.key, vae)
        return vae, weights_bytes(vae)

    def _load_controlnet(self, sha256: str) -> tuple[LoadedControlNet, int]:
        path = pinned_file(self._weights.controlnet, sha256, "ControlNet")
        with beside_the_engine(self._device):
            network = load_controlnet(path, sha256, device=self._device, dtype=self._dtype)
        return network, network.size_bytes

    def _load_annotator(self, sha256: str) -> tuple[LoadedAnnotator, int]:
        path = pinned_file(self._weights.annotator, sha256, "annotator")
        with beside_the_engine(self._device):
            annotator = load_annotator(path, sha256, device=self._device)
        return annotator, annotator.size_bytes


def _evict(held: Any) -> None:
    """Whoever still remembers an evicted checkpoint's LoRAs must not keep its networks alive by that."""
    if isinstance(held, LoadedCheckpoint):
        for loras in (held.unet_loras, *held.text_loras):
            loras.clear()


def weights_bytes(network: nn.Module) -> int:
    """Bytes of all parameters and buffers."""
    return sum(tensor.nbytes for tensors in (network.parameters(), network.buffers()) for tensor in tensors)
