"""Folders in diffusers' layout, each one checkpoint or VAE: which files count, and what their configs tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation.weightfiles.kinds import LATENT_CHANNELS, Kind, family_of_widths, refuse_empty
from generation.weightfiles.safetensors_header import WeightFileRefused, read_header

PIPELINES = {"StableDiffusionPipeline", "StableDiffusionXLPipeline"}
SUBFOLDERS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")


def classify_folder(folder: Path) -> tuple[Kind, str]:
    """Kind and family, empty for a VAE. Raises WeightFileRefused."""
    weights = [file for _, file in folder_files(folder) if file.suffix == ".safetensors"]
    if not weights:
        raise WeightFileRefused("not-safetensors", f"The folder “{folder.name}” holds no .safetensors weights.")
    for file in weights:
        refuse_empty(read_header(file).tensors)
    if (folder / "model_index.json").is_file():
        return "checkpoint", _checkpoint_family(folder)
    config = _read_json(folder / "config.json")
    if config.get("_class_name") != "AutoencoderKL" or config.get("latent_channels") != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-vae", "The VAE is not for Stable Diffusion's latents.")
    return "vae", ""


def folder_files(folder: Path) -> list[tuple[str, Path]]:
    """The weight files and configs that loading reads, sorted by relative name; all else in the folder is ignored."""
    index = folder / "model_index.json"
    parts = [folder / part for part in SUBFOLDERS] if index.is_file() else [folder]
    files = [file for part in parts if part.is_dir() for file in part.iterdir() if file.is_file()]
    wanted = [file for file in files if file.suffix in {".safetensors", ".json", ".txt"}]
    wanted += [index] if index.is_file() else []
    return sorted((file.relative_to(folder).as_posix(), file) for file in wanted)


def _checkpoint_family(folder: Path) -> str:
    index, unet = _read_json(folder / "model_index.json"), _read_json(folder / "unet" / "config.json")
    if index.get("_class_name") not in PIPELINES or unet.get("in_channels") != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-checkpoint", "This is no text-to-image Stable Diffusion checkpoint.")
    for part in ("unet", "vae", "text_encoder"):
        if not any((folder / part).glob("*.safetensors")):
            raise WeightFileRefused(
                "incomplete-checkpoint", f"The checkpoint has no .safetensors weights for its {part}."
            )
    width = unet.get("cross_attention_dim")
    return family_of_widths([width] if isinstance(width, int) else [], "The checkpoint")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightFileRefused("incomplete-checkpoint", f"“{path.name}” is missing or not valid JSON.") from error
    return document if isinstance(document, dict) else {}
