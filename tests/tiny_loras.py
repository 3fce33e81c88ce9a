"""Random LoRAs for tiny checkpoints, written to files the way each training tool writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.ldm_layout import ldm_unet

ATTENTION = r"\.(attn[12]|self_attn)\."
EVERYTHING = r"."


@dataclass(frozen=True)
class Pair:
    """One module's pair; what it adds is alpha / rank * up(down(x))."""

    down: Tensor
    up: Tensor
    alpha: float | None = None


Pairs = Mapping[str, Pair]


def random_pairs(
    network: nn.Module, matching: str = ATTENTION, *, rank: int = 4, alpha: float | None = None, seed: int = 0
) -> dict[str, Pair]:
    """A pair for every linear layer and convolution whose dotted name matches; large enough to change the output."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d) and re.search(matching, f".{name}."):
            shape = layer.weight.shape
            down = torch.randn(rank, *shape[1:], generator=generator) / shape[1:].numel() ** 0.5
            up = torch.randn(shape[0], rank, *([1] * (len(shape) - 2)), generator=generator) * 0.2
            found[name] = Pair(down, up, alpha)
    return found


def write_lora(path: Path, layout: str, metadata: dict[str, str] | None = None, **parts: Pairs) -> Path:
    """Write `parts` (unet, text_encoder, text_encoder_2) in one of LAYOUTS."""
    tensors: dict[str, Tensor] = {}
    for part, pairs in parts.items():
        for name, pair in pairs.items():
            tensors |= LAYOUTS[layout](part, _in_file(part, name), pair)
    save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata=metadata)
    return path


def _in_file(part: str, name: str) -> str:
    """Files name an encoder's modules as transformers 4 did, whatever transformers calls them today."""
    return name if part == "unet" or name.startswith("text_model.") else f"text_model.{name}"


def _alpha(key: str, pair: Pair) -> dict[str, Tensor]:
    return {} if pair.alpha is None else {key: torch.tensor(pair.alpha)}


def _kohya(prefixes: Mapping[str, str]) -> Callable[[str, str, Pair], dict[str, Tensor]]:
    def write(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
        key = f"{prefixes[part]}_{name.replace('.', '_')}"
        halves = {f"{key}.lora_down.weight": pair.down, f"{key}.lora_up.weight": pair.up}
        return halves | _alpha(f"{key}.alpha", pair)

    return write


def _kohya_ldm(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
    """kohya trains SDXL on the original layout, so its UNet names are that layout's."""
    if part == "unet":
        renamed = next(iter(ldm_unet({f"{name}.weight": pair.down, **UP_ATTENTION})))
        name = renamed.removesuffix(".weight")
    return KOHYA_XL(part, name, pair)


UP_ATTENTION = {"up_blocks.0.attentions.0.norm.weight": torch.zeros(1)}
"""Tells `ldm_unet` that SDXL's upsamplers stand behind attention."""


def _diffusers(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
    return {f"{part}.{name}.lora_A.weight": pair.down, f"{part}.{name}.lora_B.weight": pair.up}


def _diffusers_old(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
    word = "lora" if part == "unet" else "lora_linear_layer"
    halves = {f"{part}.{name}.{word}.down.weight": pair.down, f"{part}.{name}.{word}.up.weight": pair.up}
    return halves | _alpha(f"{part}.{name}.alpha", pair)


def _processor(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
    """diffusers before 0.20: on the attention processors."""
    block, _, target = name.removesuffix(".0").rpartition(".")
    key = f"{part}.{block}.processor.{target}_lora"
    return {f"{key}.down.weight": pair.down, f"{key}.up.weight": pair.up}


def _peft(part: str, name: str, pair: Pair) -> dict[str, Tensor]:
    key = f"base_model.model.{name}"
    return {f"{key}.lora_A.weight": pair.down, f"{key}.lora_B.weight": pair.up}


KOHYA_XL = _kohya({"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"})
LAYOUTS: dict[str, Callable[[str, str, Pair], dict[str, Tensor]]] = {
    "kohya": _kohya({"unet": "lora_unet", "text_encoder": "lora_te"}),
    "kohya-xl": KOHYA_XL,
    "kohya-ldm": _kohya_ldm,
    "diffusers": _diffusers,
    "diffusers-old": _diffusers_old,
    "processor": _processor,
    "peft": _peft,
}
