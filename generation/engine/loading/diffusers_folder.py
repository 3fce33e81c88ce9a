"""Checkpoints and VAEs in diffusers' folder layout.

Each part is loaded by its own class, so nothing in a folder can name code to run; nothing touches the network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from generation.engine.families import Family
from generation.engine.loading.components import LoadedComponents, ready, ready_vae
from generation.weightfiles.safetensors_header import WeightFileRefused

transformers_logging.disable_progress_bar()

ENCODERS: tuple[tuple[str, str, Any], ...] = (
    ("text_encoder", "tokenizer", CLIPTextModel),
    ("text_encoder_2", "tokenizer_2", CLIPTextModelWithProjection),
)
"""Folder of the encoder, folder of its tokenizer, class; a family takes the first one or two."""


def read_checkpoint(folder: Path, family: Family, device: torch.device, dtype: torch.dtype) -> LoadedComponents:
    encoders = ENCODERS[: family.text_encoders]
    return LoadedComponents(
        family=family,
        unet=ready(read_network(UNet2DConditionModel, folder / "unet", dtype), device),
        vae=read_vae(folder / "vae", device, dtype),
        text_encoders=tuple(ready(read_network(cls, folder / name, dtype), device) for name, _, cls in encoders),
        tokenizers=tuple(
            CLIPTokenizer.from_pretrained(folder / tokenizer, local_files_only=True) for _, tokenizer, _ in encoders
        ),
        scheduler_config=read_scheduler_config(folder),
    )


def read_vae(folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    return ready_vae(read_network(AutoencoderKL, folder, dtype), device)


def read_scheduler_config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "scheduler" / "scheduler_config.json").read_text("utf-8"))
    return config


def read_network(cls: Any, folder: Path, dtype: torch.dtype) -> Any:
    """A network of diffusers or transformers by its class, on the CPU. Raises WeightFileRefused for a part of one."""
    names = [file.name for file in folder.glob("*.safetensors")]
    # Many published folders hold `….fp16.safetensors` alone.
    only_half_precision = bool(names) and all(".fp16" in name for name in names)
    network, report = cls.from_pretrained(
        folder,
        dtype=dtype,
        variant="fp16" if only_half_precision else None,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    if report["missing_keys"]:  # the libraries would fill them with random numbers and only warn
        missing = len(report["missing_keys"])
        raise WeightFileRefused("incomplete-checkpoint", f"{missing} weights of its {folder.name} are missing.")
    return network
