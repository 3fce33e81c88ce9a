"""What a folder in diffusers' layout is, and whether it has all that its loader needs, by its configs and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation.weightfiles.kinds import INPAINTING_CHANNELS, LATENT_CHANNELS, Kind, family_of_widths, refuse_empty
from generation.weightfiles.networks import CLIP, DIFFUSERS_UNET, DIFFUSERS_VAE, check_network
from generation.weightfiles.noise_marks import check_scheduler_config
from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused, read_header

SUBFOLDERS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
ENCODERS = {
    "StableDiffusionPipeline": ("",),
    "StableDiffusionInpaintPipeline": ("",),
    "StableDiffusionXLPipeline": ("", "_2"),
    "StableDiffusionXLInpaintPipeline": ("", "_2"),
}
"""The endings of the folders of text encoders and tokenizers, for the pipelines that Tempera draws."""

_OPTIONS_OF_VAES = {
    "use_quant_conv": "quant_conv.",
    "use_post_quant_conv": "post_quant_conv.",
    "mid_block_add_attention": "attentions.0.",
}
"""What a VAE's config may leave out, and what of its weights is then not there."""
_FORMER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_FORMER_NAME = re.compile(r"(attentions\.\d+\.)(query|key|value|proj_attn)\.")


def classify_folder(folder: Path) -> tuple[Kind, str]:
    """Kind and family, empty for a VAE. Raises WeightFileRefused for what is not drawn here or is not whole."""
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
    _check_vae(folder)
    return "vae", ""


def folder_inpaints(folder: Path) -> bool:
    """Whether a checkpoint's folder, which was classified, is an inpainting one."""
    return bool(_read_json(folder / "unet" / "config.json").get("in_channels") == INPAINTING_CHANNELS)


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
    endings = ENCODERS.get(str(index.get("_class_name")))
    if endings is None or unet.get("in_channels") not in (LATENT_CHANNELS, INPAINTING_CHANNELS):
        raise WeightFileRefused("unsupported-checkpoint", "This is no text-to-image Stable Diffusion checkpoint.")
    tensors = _tensors(folder / "unet", "diffusion_pytorch_model")
    check_network(DIFFUSERS_UNET, tensors)
    _check_widths(tensors, unet)
    _check_vae(folder / "vae")
    for ending in endings:
        encoder, tokenizer = folder / f"text_encoder{ending}", folder / f"tokenizer{ending}"
        tensors = _tensors(encoder, "model")
        more = ("text_projection.weight",) if ending else ()
        check_network(CLIP, {key.removeprefix("text_model."): entry for key, entry in tensors.items()}, more)
        _read_json(encoder / "config.json")
        has_words = (tokenizer / "vocab.json").is_file() and (tokenizer / "merges.txt").is_file()
        if not (has_words or (tokenizer / "tokenizer.json").is_file()):
            raise WeightFileRefused("incomplete-checkpoint", f"The checkpoint has no vocabulary in “{tokenizer.name}”.")
    check_scheduler_config(_read_json(folder / "scheduler" / "scheduler_config.json"))
    width = unet.get("cross_attention_dim")
    return family_of_widths([width] if isinstance(width, int) else [], "The checkpoint")


def _check_widths(tensors: Mapping[str, TensorEntry], config: Mapping[str, Any]) -> None:
    layers = [f"down_blocks.{place}.resnets.0.conv1.weight" for place in range(len(tensors))]
    widths = [tensors[layer].shape[0] for layer in layers if layer in tensors]
    if widths != config.get("block_out_channels", widths):
        raise WeightFileRefused("broken-weights", "The UNet's config describes other layers than its weights have.")


def _check_vae(folder: Path) -> None:
    config, tensors = _read_json(folder / "config.json"), _tensors(folder, "diffusion_pytorch_model")
    absent = [name for option, name in _OPTIONS_OF_VAES.items() if not config.get(option, True)]
    needs = tuple(
        key for key in DIFFUSERS_VAE.needs if not any(key.startswith(name) or f".{name}" in key for name in absent)
    )

    def renamed(found: re.Match[str]) -> str:
        return f"{found[1]}{_FORMER_NAMES[found[2]]}."

    check_network(
        replace(DIFFUSERS_VAE, needs=needs), {_FORMER_NAME.sub(renamed, key): entry for key, entry in tensors.items()}
    )


def _tensors(folder: Path, stem: str) -> Mapping[str, TensorEntry]:
    """What is in the files that the loader opens: those with half precision where there are no others."""
    names = sorted(file.name for file in folder.glob("*.safetensors")) if folder.is_dir() else []
    if not names:
        raise WeightFileRefused(
            "incomplete-checkpoint", f"The checkpoint has no .safetensors weights for its {folder.name}."
        )
    variant = ".fp16" if all(".fp16" in name for name in names) else ""
    whole = f"{stem}{variant}.safetensors"
    shards = [name for name in names if name.startswith(stem) and "-of-" in name]
    if whole not in names and not (shards and (folder / f"{stem}.safetensors.index{variant}.json").is_file()):
        raise WeightFileRefused(
            "incomplete-checkpoint", f"The checkpoint's {folder.name} has no file “{whole}”, by which it is found."
        )
    files = [whole] if whole in names else shards
    return {key: entry for name in files for key, entry in read_header(folder / name).tensors.items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightFileRefused("incomplete-checkpoint", f"“{path.name}” is missing or not valid JSON.") from error
    return document if isinstance(document, dict) else {}
