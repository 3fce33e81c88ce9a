"""What a header describes: checkpoint, LoRA, embedding, VAE or ControlNet, and of which family. No value is read.

Not for folders: those say it in their configs, see `folders`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from generation.weightfiles.controlnets import is_controlnet, refuse_other_kind, widths_of_controlnet
from generation.weightfiles.lora_keys import LYCORIS, unsupported_kind
from generation.weightfiles.lora_pairs import input_width, lora_slots
from generation.weightfiles.noise_marks import read_noise_marks
from generation.weightfiles.safetensors_header import Header, TensorEntry, WeightFileRefused
from generation.weightfiles.single_files import AVERAGES, check_checkpoint, check_vae
from generation.weightfiles.upscalers import is_upscaler, shape_of

Kind = Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "annotator", "upscaler"]
"""An annotator makes control pictures or masks; there are only folders of them, see `annotators`."""

CONTEXT_WIDTHS = {128: "mini", 768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""The width of the text states that a UNet attends to tells its family."""

LATENT_CHANNELS = 4
INPAINTING_CHANNELS = 9
"""Of a UNet that takes a mask and the latents of what is kept besides."""
UNET_STEM = "model.diffusion_model.input_blocks.0.0.weight"
PREFIXES_OF_COMPONENTS = {
    "VAE": ("first_stage_model.",),
    "text encoder": ("cond_stage_model.", "conditioner.embedders."),
}
BASE_VERSIONS = (("sdxl", "sdxl"), ("sd_v2", "sd2"), ("sd_v1", "sd1"), ("mini", "mini"))


def kind_of(tensors: Mapping[str, TensorEntry]) -> Kind:
    """Raises WeightFileRefused for what is of no kind, and for empty tensors where none belong."""
    kind = _kind_by_keys(tensors)
    # A checkpoint in one file carries empty ones: the marks `v_pred` and `ztsnr`.
    if kind != "checkpoint":
        refuse_empty(tensors)
    return kind


def refuse_empty(tensors: Mapping[str, TensorEntry]) -> None:
    for key, entry in tensors.items():
        if 0 in entry.shape:
            raise WeightFileRefused("bad-shape", f"“{key}” is empty.")


def _kind_by_keys(tensors: Mapping[str, TensorEntry]) -> Kind:
    keys = tensors.keys()
    # Before checkpoints, since some have the one that they were taught with in the same file.
    if is_controlnet(keys):
        return "controlnet"
    if any(key.startswith("model.diffusion_model.") for key in keys):
        return "checkpoint"
    refuse_other_kind(keys)
    if is_upscaler(keys):
        return "upscaler"
    if any(re.search(r"lora|\.alpha$", key) or LYCORIS.search(key) or unsupported_kind(key) for key in keys):
        return "lora"
    # diffusers saves a textual inversion as one tensor named after its token.
    lone_vector = len(tensors) == 1 and all(len(entry.shape) in (1, 2) for entry in tensors.values())
    if "emb_params" in keys or {"clip_l", "clip_g"} <= keys or lone_vector:
        return "embedding"
    if any(key.removeprefix("first_stage_model.") == "decoder.conv_in.weight" for key in keys):
        return "vae"
    if any(key.startswith(AVERAGES) for key in keys):
        raise WeightFileRefused(
            "averages-only",
            "The file holds running averages (EMA) of a checkpoint's weights alone, not the weights themselves.",
        )
    raise WeightFileRefused("unknown-kind", "The file is no checkpoint, LoRA, embedding, VAE, ControlNet or upscaler.")


def inpaints(header: Header) -> bool:
    """Whether a checkpoint in one file is an inpainting one, by its UNet's first layer."""
    return header.tensors[UNET_STEM].shape[1] == INPAINTING_CHANNELS


def family_of(kind: Kind, header: Header) -> str:
    """The word of a family, empty for a VAE. Raises WeightFileRefused for what is not drawn here or is not whole."""
    return _FAMILY_READERS[kind](header)


def family_of_widths(widths: Iterable[int], what: str) -> str:
    families = {CONTEXT_WIDTHS.get(width, "") for width in widths}
    if len(families) == 1 and (family := families.pop()):
        return family
    raise WeightFileRefused("unknown-family", f"{what} belongs to no family that Tempera draws (SD 1.x, SD 2.x, SDXL).")


def _checkpoint_family(header: Header) -> str:
    stem = header.tensors.get(UNET_STEM)
    if stem is None or len(stem.shape) != 4 or stem.shape[1] not in (LATENT_CHANNELS, INPAINTING_CHANNELS):
        raise WeightFileRefused("unsupported-checkpoint", "This is no text-to-image Stable Diffusion checkpoint.")
    for part, prefixes in PREFIXES_OF_COMPONENTS.items():
        if not any(key.startswith(prefixes) for key in header.tensors):
            raise WeightFileRefused("incomplete-checkpoint", f"The checkpoint has no weights for its {part}.")
    pattern = re.compile(r"model\.diffusion_model\..*attn2\.to_k\.weight")
    widths = (entry.shape[-1] for key, entry in header.tensors.items() if pattern.fullmatch(key))
    family = family_of_widths(widths, "The checkpoint")
    check_checkpoint(header.tensors, family)
    read_noise_marks(header.tensors, header.metadata)
    return family


def _lora_family(header: Header) -> str:
    widths: dict[str, set[int]] = {"attn2": set(), "self_attn": set()}
    for (network, module), slots in lora_slots(header).items():
        if network == "text_encoder_2":
            return "sdxl"
        layer = re.search(r"_(?:(attn2)_to_[kv]|(self_attn)_[qkv]_proj)$", module)
        if layer and (width := input_width(module, slots)):
            widths[layer[1] or layer[2]].add(width)
    if found := widths["attn2"] or widths["self_attn"]:
        return family_of_widths(found, "The LoRA")
    for beginning, family in BASE_VERSIONS:
        if header.metadata.get("ss_base_model_version", "").startswith(beginning):
            return family
    raise WeightFileRefused("unknown-family", "Nothing in the LoRA tells which family of checkpoints it is for.")


def _embedding_family(header: Header) -> str:
    if "clip_g" in header.tensors:
        widths = [header.tensors[key].shape[-1] for key in ("clip_l", "clip_g")]
        if widths != [768, 1280]:
            raise WeightFileRefused("unknown-family", "The embedding's widths are not those of SDXL.")
        return "sdxl"
    return family_of_widths([_embedding_tensor(header).shape[-1]], "The embedding")


def vectors_of(header: Header) -> int:
    """How many vectors an embedding has; a tensor of one dimension is one."""
    shape = _embedding_tensor(header).shape
    return shape[0] if len(shape) > 1 else 1


def _embedding_tensor(header: Header) -> TensorEntry:
    return header.tensors.get("emb_params") or next(iter(header.tensors.values()))


def _vae_family(header: Header) -> str:
    for key, entry in header.tensors.items():
        if key.endswith("decoder.conv_in.weight") and (len(entry.shape) != 4 or entry.shape[1] != LATENT_CHANNELS):
            raise WeightFileRefused("unsupported-vae", "The VAE is not for Stable Diffusion's latents.")
    check_vae(header.tensors)
    return ""


def _controlnet_family(header: Header) -> str:
    return family_of_widths(widths_of_controlnet(header.tensors), "The ControlNet")


def _upscaler_family(header: Header) -> str:
    shape_of(header.tensors)
    return ""


_FAMILY_READERS = {
    "checkpoint": _checkpoint_family,
    "lora": _lora_family,
    "embedding": _embedding_family,
    "vae": _vae_family,
    "controlnet": _controlnet_family,
    "upscaler": _upscaler_family,
}
