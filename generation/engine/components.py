"""The parts of one checkpoint (UNet, VAE, text encoders, tokenizers, scheduler config) read from a diffusers folder.

Each part is loaded by its own class, so nothing in a folder can name code to run; nothing touches the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from generation.engine.families import FAMILIES, Family
from generation.engine.outcome import WeightsRefused
from generation.weightfile import Kind, WeightFileRefused, classify

transformers_logging.disable_progress_bar()

ENCODERS: tuple[tuple[str, str, Any], ...] = (
    ("text_encoder", "tokenizer", CLIPTextModel),
    ("text_encoder_2", "tokenizer_2", CLIPTextModelWithProjection),
)
"""Folder of the encoder, folder of its tokenizer, class; a family takes the first one or two."""


@dataclass(frozen=True, slots=True)
class LoadedParts:
    """What a checkpoint is made of, in evaluation mode on its device; `scheduler_config` as the file says it."""

    family: Family
    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    scheduler_config: dict[str, Any]


def load_parts(path: Path, *, device: torch.device, dtype: torch.dtype) -> LoadedParts:
    """Load a checkpoint. Raises WeightsRefused when it is incomplete, broken or of no known family."""
    with refusing(path):
        family = FAMILIES[_check(path, "checkpoint")]
        return _from_folder(path, family, device, dtype)


def load_vae(path: Path, *, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a separate VAE from a diffusers folder. Raises WeightsRefused."""
    with refusing(path):
        _check(path, "vae")
        return _vae(path, None, device, dtype)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever a loader raises over a broken file becomes one WeightsRefused that names the file."""
    try:
        yield
    except WeightFileRefused as refused:
        raise WeightsRefused(refused.code, f"“{path.stem}” cannot be used: {refused}") from refused
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise WeightsRefused(
            "broken-weights", f"“{path.stem}” cannot be loaded: it is incomplete or broken."
        ) from error


def _check(path: Path, wanted: Kind) -> str:
    kind, family = classify(path)
    if kind != wanted:
        raise WeightsRefused("wrong-kind", f"“{path.stem}” is no {wanted} but a file of kind “{kind}”.")
    return family


def _from_folder(folder: Path, family: Family, device: torch.device, dtype: torch.dtype) -> LoadedParts:
    encoders = ENCODERS[: family.text_encoders]
    return LoadedParts(
        family=family,
        unet=_network(UNet2DConditionModel, folder, "unet", dtype).to(device),
        vae=_vae(folder, "vae", device, dtype),
        text_encoders=tuple(_network(cls, folder, name, dtype).to(device) for name, _, cls in encoders),
        tokenizers=tuple(load_tokenizer(folder / tokenizer) for _, tokenizer, _ in encoders),
        scheduler_config=load_scheduler_config(folder),
    )


def load_tokenizer(folder: Path) -> Any:
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def load_scheduler_config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "scheduler" / "scheduler_config.json").read_text("utf-8"))
    return config


def _vae(folder: Path, subfolder: str | None, device: torch.device, dtype: torch.dtype) -> Any:
    vae = _network(AutoencoderKL, folder, subfolder, dtype).to(device)
    return vae.to(torch.float32) if needs_float32(vae, dtype) else vae


def needs_float32(vae: Any, dtype: torch.dtype) -> bool:
    """SDXL's own VAE overflows in half precision and says so in its config."""
    return dtype == torch.float16 and bool(vae.config.force_upcast)


def _network(cls: Any, folder: Path, subfolder: str | None, dtype: torch.dtype) -> Any:
    place = folder / subfolder if subfolder else folder
    network = cls.from_pretrained(
        place,
        dtype=dtype,
        variant="fp16" if _only_half_precision(place) else None,
        use_safetensors=True,
        local_files_only=True,
    )
    return network.eval().requires_grad_(False)


def _only_half_precision(place: Path) -> bool:
    """Many published folders hold `….fp16.safetensors` alone."""
    names = [file.name for file in place.glob("*.safetensors")]
    return bool(names) and all(".fp16" in name for name in names)
