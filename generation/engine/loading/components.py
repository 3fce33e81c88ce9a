"""The components of a loaded checkpoint, and what every loader does to a network before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from generation.engine.families import Family
from generation.weightfiles.safetensors_header import WeightFileRefused


@dataclass(frozen=True, slots=True)
class LoadedComponents:
    """What a checkpoint is made of, in evaluation mode on its device; `scheduler_config` as the file says it."""

    family: Family
    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    scheduler_config: dict[str, Any]


def ready(network: Any, device: torch.device) -> Any:
    """The network on its device, in evaluation mode, without gradients. Refuses one that misses weights."""
    missing = [name for name, weight in network.named_parameters() if weight.is_meta]
    if missing:
        kind = type(network).__name__
        raise WeightFileRefused("incomplete-checkpoint", f"{len(missing)} weights of its {kind} are missing.")
    return network.eval().requires_grad_(False).to(device)


def ready_vae(vae: Any, device: torch.device) -> Any:
    """As `ready`; a VAE that overflows in half precision (SDXL's own, by its config) is kept in float32."""
    half = vae.dtype == torch.float16 and bool(vae.config.force_upcast)
    return ready(vae.to(torch.float32) if half else vae, device)
