"""The names LoRA files give to their tensors (kohya, diffusers, peft), read into one spelling; standard library only.

A target module is spelled the flattened diffusers way, `down_blocks_1_attentions_0_proj_in`, without `text_model_`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from generation.weightfiles.safetensors_header import WeightFileRefused

Network = Literal["unet", "text_encoder", "text_encoder_2"]
Role = Literal["down", "up", "mid", "alpha"]

NETWORKS: tuple[Network, ...] = ("unet", "text_encoder", "text_encoder_2")

UNSUPPORTED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.hada_"), "LoHa"),
    (re.compile(r"\.lokr_"), "LoKr"),
    (re.compile(r"\.dora_scale$|\.lora_magnitude_vector\b"), "DoRA"),
    (re.compile(r"\.b?oft_"), "OFT"),
    (re.compile(r"\.a1\.weight$"), "GLoRA"),
    (re.compile(r"\.on_input$"), "IA3"),
    (re.compile(r"\.diff(_b)?$"), "full-difference"),
    (re.compile(r"^bundle_emb\b"), "bundled-embedding"),
    (re.compile(r"\blora_embedding_[AB]\b"), "embedding-layer LoRA"),
)

ROLES: tuple[tuple[re.Pattern[str], Role], ...] = (
    (re.compile(r"\.(lora_down|lora\.down|lora_linear_layer\.down|lora_A(\.\w+)?)\.weight$"), "down"),
    (re.compile(r"\.(lora_up|lora\.up|lora_linear_layer\.up|lora_B(\.\w+)?)\.weight$"), "up"),
    (re.compile(r"_lora\.down\.weight$"), "down"),
    (re.compile(r"_lora\.up\.weight$"), "up"),
    (re.compile(r"\.lora_mid\.weight$"), "mid"),
    (re.compile(r"(_lora|\.lora|\.lora_linear_layer)?\.alpha$"), "alpha"),
)

PREFIXES: tuple[tuple[str, Network], ...] = (
    ("lora_unet_", "unet"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te_", "text_encoder"),
    ("unet.", "unet"),
    ("text_encoder.", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("diffusion_model.", "unet"),
    ("text_model.", "text_encoder"),
    ("encoder.layers.", "text_encoder"),
)

UNET_BEGINNINGS = re.compile(
    r"(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding"
    r"|input_blocks|middle_block|output_blocks|time_embed|label_emb|out_2$)"
)


@dataclass(frozen=True, slots=True)
class LoraKey:
    """One tensor's place: which network, which module (flattened name), and which half of the pair."""

    network: Network
    module: str
    role: Role


def parse_lora_key(key: str) -> LoraKey:
    """Read one tensor name. Raises WeightFileRefused for kinds that are not plain LoRA and for names nobody uses."""
    if kind := unsupported_kind(key):
        raise WeightFileRefused(
            "unsupported-lora", f"The file holds {kind} weights (“{key}”), which are not supported."
        )
    for pattern, role in ROLES:
        if match := pattern.search(key):
            network, module = _place(key[: match.start()].removeprefix("base_model.model."), key)
            return LoraKey(network, module, role)
    raise WeightFileRefused("unused-key", f"The file holds “{key}”, which is no LoRA tensor Tempera could use.")


def unsupported_kind(key: str) -> str:
    """What kind of adapter a tensor's name belongs to, if it is one that is not plain LoRA; empty otherwise."""
    return next((kind for mark, kind in UNSUPPORTED if mark.search(key)), "")


def flatten(module: str) -> str:
    """A module's dotted name in the spelling of `LoraKey.module`."""
    return module.replace(".", "_").removeprefix("text_model_")


def _place(target: str, key: str) -> tuple[Network, str]:
    for prefix, network in PREFIXES:
        if target.startswith(prefix):
            rest = target if prefix == "encoder.layers." else target.removeprefix(prefix)
            return network, _module(network, rest)
    if UNET_BEGINNINGS.match(target):
        return "unet", _module("unet", target)
    raise WeightFileRefused(
        "unused-key", f"The file holds “{key}”, which names no part of a Stable Diffusion checkpoint."
    )


def _module(network: Network, target: str) -> str:
    if ".processor." in target:  # diffusers before 0.17 hung the pairs on the attention processor
        target = re.sub(r"\.to_out$", ".to_out.0", target.replace(".processor.", "."))
    name = flatten(target)
    return _from_ldm(name) if network == "unet" else re.sub(r"(?<=self_attn_)to_(q|k|v|out)$", r"\1_proj", name)


LDM_LAYERS = {
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}

LDM_SINGLES = {
    "input_blocks_0_0": "conv_in",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
    "out_2": "conv_out",
}

LDM_MIDDLE = {"0": "resnets_0", "1": "attentions_0", "2": "resnets_1"}


def _from_ldm(name: str) -> str:
    """The diffusers spelling of a name in the original (CompVis, SGM) layout; other names pass unchanged.

    Every family has two resnets a level, so three input blocks and three output blocks make one level.
    """
    if name in LDM_SINGLES:
        return LDM_SINGLES[name]
    if match := re.fullmatch(r"middle_block_([012])_(.+)", name):
        return f"mid_block_{LDM_MIDDLE[match[1]]}_{LDM_LAYERS.get(match[2], match[2])}"
    if match := re.fullmatch(r"input_blocks_(\d+)_([01])_(.+)", name):
        level, layer = divmod(int(match[1]) - 1, 3)
        if layer == 2:
            return f"down_blocks_{level}_downsamplers_0_conv"
        return f"down_blocks_{level}_{_ldm_layer(match[2], layer, match[3])}"
    if match := re.fullmatch(r"output_blocks_(\d+)_([012])_(.+)", name):
        level, layer = divmod(int(match[1]), 3)
        if match[3] == "conv":
            return f"up_blocks_{level}_upsamplers_0_conv"
        return f"up_blocks_{level}_{_ldm_layer(match[2], layer, match[3])}"
    return name


def _ldm_layer(kind: str, layer: int, rest: str) -> str:
    return f"resnets_{layer}_{LDM_LAYERS.get(rest, rest)}" if kind == "0" else f"attentions_{layer}_{rest}"
