"""The names LoRA files give to their tensors (kohya, diffusers, peft), read into one spelling; standard library only.

A target module is spelled the flattened diffusers way, `down_blocks_1_attentions_0_proj_in`, without `text_model_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from generation.weightfiles.safetensors_header import WeightFileRefused

Network = Literal["unet", "text_encoder", "text_encoder_2"]
Role = Literal[
    "down", "up", "mid", "alpha",
    "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b",
    "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b",
]  # fmt: skip
"""Which tensor of a module it is. LyCORIS' kinds, LoHa and LoKr, are `lycoris`' to put together."""

NETWORKS: tuple[Network, ...] = ("unet", "text_encoder", "text_encoder_2")

UNSUPPORTED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.hada_t\d"), "LoHa with Tucker decomposition"),
    (re.compile(r"\.lokr_t\d"), "LoKr with Tucker decomposition"),
    (re.compile(r"\.dora_scale$|\.lora_magnitude_vector\b"), "DoRA"),
    (re.compile(r"\.b?oft_"), "OFT"),
    (re.compile(r"\.a1\.weight$"), "GLoRA"),
    (re.compile(r"\.on_input$|\.ia3_l\b"), "IA3"),
    (re.compile(r"\.diff(_b)?$"), "full-difference"),
    (re.compile(r"\blora_embedding_[AB]\b"), "embedding-layer LoRA"),
)

LEFT_OUT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^bundle_emb\.(?P<name>.+)\.[^.]+$"), "the embedding “{name}” that lies in it"),
    (re.compile(r"\.[wb]_norm$"), "changes of normalisation layers"),
)
"""Tensors beside a LoRA's own that it draws without, and how people are told of each."""

LYCORIS = re.compile(r"\.(?P<role>hada_w[12]_[ab]|lokr_w[12](_[ab])?)(\.\w+)?$")

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
    ("lycoris_text_encoder_2_", "text_encoder_2"),
    ("lycoris_text_encoder_", "text_encoder"),
    ("lycoris_unet_", "unet"),
    ("lycoris_", "unet"),
    ("unet.", "unet"),
    ("text_encoder.", "text_encoder"),
    ("text_encoder_1.", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2"),
    ("clip_l.transformer.", "text_encoder"),
    ("clip_g.transformer.", "text_encoder_2"),
    ("clip_l.", "text_encoder"),
    ("clip_g.", "text_encoder_2"),
    ("model.diffusion_model.", "unet"),
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


def left_out(keys: Iterable[str]) -> str:
    """What of a LoRA file is not used, for people: empty, or a list such as “changes of normalisation layers”."""
    told: dict[str, None] = {}
    for key in keys:
        for pattern, words in LEFT_OUT:
            if match := pattern.search(key):
                told[words.format(**match.groupdict())] = None
    return ", ".join(told)


def is_left_out(key: str) -> bool:
    return any(pattern.search(key) for pattern, _ in LEFT_OUT)


def parse_lora_key(key: str) -> LoraKey:
    """Read one tensor name. Raises WeightFileRefused for kinds that cannot be drawn and for names nobody uses."""
    if kind := unsupported_kind(key):
        raise WeightFileRefused(
            "unsupported-lora", f"The file holds {kind} weights (“{key}”), which are not supported."
        )
    if match := LYCORIS.search(key):
        return LoraKey(*_place(key[: match.start()].removeprefix("base_model.model."), key), match["role"])  # type: ignore[arg-type]
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
    if target.startswith(("lora_", "lycoris_")):
        target = target.replace("-", "_")  # as tools for sliders write it
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
