"""Whether a header describes a ControlNet, of which family, and whether it is whole. In one file or in a folder.

Names are those of the original layout or diffusers' own; networks that steer in other ways are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from generation.weightfiles.networks import CONTROL, DIFFUSERS_CONTROL, LABELS, check_network
from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused

CONTROL_PREFIX = "control_model."
CROSS_ATTENTION = re.compile(r".+\.attn2\.to_k\.weight")
LATENT_CHANNELS = 4

OTHER_KINDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"lora_controlnet$"), "a Control-LoRA, which is no ControlNet by itself"),
    (re.compile(r"lllite_"), "a ControlNet-LLLite"),
    (re.compile(r"task_embedding$|control_add_embedding\."), "a ControlNet of several kinds in one (Union)"),
    (re.compile(r"(adapter\.)?body\.\d+\.(resnets|block1|in_conv)"), "a T2I adapter"),
    (re.compile(r"ip_adapter\."), "an IP adapter"),
)
"""What else steers a picture, and is not drawn with here."""


def other_kind(keys: Collection[str]) -> str:
    """How people call a file that steers pictures in another way; empty for all else."""
    return next((what for mark, what in OTHER_KINDS if any(mark.match(key) for key in keys)), "")


def refuse_other_kind(keys: Collection[str]) -> None:
    if what := other_kind(keys):
        raise WeightFileRefused("unsupported-control", f"The file is {what}, which Tempera does not draw with.")


def is_controlnet(keys: Collection[str]) -> bool:
    names = {key.removeprefix(CONTROL_PREFIX) for key in keys if "cond_embedding" in key or "hint_block" in key}
    return bool(names & {"input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight"})


def control_tensors(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Of a file, what belongs to the ControlNet: some have a whole checkpoint beside it."""
    if any(key.startswith(CONTROL_PREFIX) for key in tensors):
        return {
            key.removeprefix(CONTROL_PREFIX): value for key, value in tensors.items() if key.startswith(CONTROL_PREFIX)
        }
    return dict(tensors)


def widths_of_controlnet(tensors: Mapping[str, TensorEntry]) -> list[int]:
    """The widths of the text states that it attends to; raises WeightFileRefused for one that is not whole.

    SDXL's small ones attend to none: they are known by the embedding of sizes that no other family has.
    """
    own = control_tensors(tensors)
    refuse_other_kind(own)
    of_diffusers = "conv_in.weight" in own
    labelled = any(key.startswith(("label_emb.", "add_embedding.")) for key in own)
    check_network(DIFFUSERS_CONTROL if of_diffusers else CONTROL, own, () if of_diffusers or not labelled else LABELS)
    stem = own["conv_in.weight" if of_diffusers else "input_blocks.0.0.weight"]
    if len(stem.shape) != 4 or stem.shape[1] != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-control", "The ControlNet is not for Stable Diffusion's latents.")
    widths = [entry.shape[-1] for key, entry in own.items() if CROSS_ATTENTION.fullmatch(key)]
    return widths or ([2048] if labelled else [])


def check_config(config: Mapping[str, Any]) -> None:
    """Raise WeightFileRefused for a folder's config.json that asks for another network or another use of it."""
    name = str(config.get("_class_name"))
    if name != "ControlNetModel":
        raise WeightFileRefused("unsupported-control", f"The folder is a “{name[:40]}”, which Tempera does not read.")
    if config.get("global_pool_conditions"):
        raise WeightFileRefused(
            "unsupported-control", "The ControlNet only steers by the mean of a picture, which Tempera does not."
        )
