"""A LoRA file read into pairs of matrices under one spelling of module names, whichever tool wrote it.

Not for mixing them into a batch: that is `mixed_batch`. What a pair adds to its module is `scale * up(down(x))`.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from generation.engine.lora.lycoris import multiplied
from generation.engine.outcome import WeightsRefused
from generation.weightfiles.lora_keys import NETWORKS, Network, Role, is_left_out, parse_lora_key
from generation.weightfiles.lycoris import is_lycoris
from generation.weightfiles.safetensors_header import WeightFileRefused

Pairs = Mapping[str, "LoraPair"]
"""The pairs of one network by flattened module name (see `generation.weightfiles.lora_keys`)."""


@dataclass(frozen=True, slots=True)
class LoraPair:
    """`down` is (rank, in) or (rank, in, kh, kw); `up` is (out, rank) or (out, rank, 1, 1); `scale` is alpha / rank."""

    down: Tensor
    up: Tensor
    scale: float

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    @property
    def size_bytes(self) -> int:
        return self.down.nbytes + self.up.nbytes


@dataclass(frozen=True, slots=True)
class LoraWeights:
    """All pairs of one file: those of the UNet, and those of the first and second text encoder (often empty)."""

    unet: Pairs
    text_encoders: tuple[Pairs, Pairs]

    @property
    def size_bytes(self) -> int:
        return sum(pair.size_bytes for pairs in (self.unet, *self.text_encoders) for pair in pairs.values())


def read_lora(path: Path, *, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> LoraWeights:
    """Read LoRA, LoCon, LoHa and LoKr files of any tool. Raises WeightsRefused with the reason for anything else.

    `dtype=None` keeps the file's own. Every tensor is used, but for those that `lora_keys.left_out` tells, or the file
    is refused.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (a handle, not a dict)
    except (OSError, SafetensorError) as error:
        raise WeightsRefused("unreadable-lora", f"The LoRA file “{path.stem}” cannot be read.") from error
    try:
        slots = _sort({key: tensor for key, tensor in tensors.items() if not is_left_out(key)})
        alphas = _alphas_of_file(path, metadata)
        pairs = {
            network: {name: _pair(name, slot, alphas[network], dtype) for name, slot in slots[network].items()}
            for network in NETWORKS
        }
    except WeightFileRefused as refused:
        raise WeightsRefused(refused.code, str(refused)) from refused
    return LoraWeights(pairs["unet"], (pairs["text_encoder"], pairs["text_encoder_2"]))


def _sort(tensors: Mapping[str, Tensor]) -> dict[Network, dict[str, dict[Role, Tensor]]]:
    """The tensors by network, module and role; `mid` is (rank, rank, kh, kw), others as in LoraPair."""
    slots: dict[Network, dict[str, dict[Role, Tensor]]] = {network: defaultdict(dict) for network in NETWORKS}
    for key, tensor in tensors.items():
        place = parse_lora_key(key)
        slot = slots[place.network][place.module]
        if place.role in slot:
            raise WeightFileRefused("duplicate-key", f"The file describes “{place.module}” twice.")
        slot[place.role] = tensor
    return slots


def _pair(name: str, slot: Mapping[Role, Tensor], alphas: _Alphas, dtype: torch.dtype | None) -> LoraPair:
    if "alpha" in slot and slot["alpha"].numel() != 1:
        raise WeightsRefused("bad-alpha", f"The alpha of “{name}” is not one number.")
    if is_lycoris(slot):
        shape, down, up = multiplied(name, slot)
        # Two whole factors have no rank, and LyCORIS then passes over alpha. What peft keeps beside the file counts.
        scale = float(slot["alpha"]) / shape.file_rank if "alpha" in slot and shape.file_rank else alphas.of_lycoris
        own = next(tensor.dtype for role, tensor in slot.items() if role != "alpha")
        return _finite(name, LoraPair(down.to(dtype or own).contiguous(), up.to(dtype or own).contiguous(), scale))
    if "down" not in slot or "up" not in slot:
        raise WeightsRefused("half-pair", f"The LoRA pair of “{name}” is incomplete.")
    down, up = slot["down"], slot["up"]
    if min(down.ndim, up.ndim) < 2 or down.shape[0] != up.shape[1] or any(side != 1 for side in up.shape[2:]):
        raise WeightsRefused("bad-rank", f"The two halves of “{name}” do not fit together.")
    rank = down.shape[0]
    if "mid" in slot:
        down = _merge_mid(name, slot["mid"], down)
    scale = float(slot["alpha"]) / rank if "alpha" in slot else alphas.scale(name, rank)
    dtype = dtype or down.dtype
    return _finite(name, LoraPair(down.to(dtype).contiguous(), up.to(dtype).contiguous(), scale))


def _finite(name: str, pair: LoraPair) -> LoraPair:
    if not (math.isfinite(pair.scale) and _is_finite(pair.down) and _is_finite(pair.up)):
        raise WeightsRefused("not-finite", f"The LoRA pair of “{name}” holds values that are not finite numbers.")
    return pair


def _is_finite(half: Tensor) -> bool:
    """Asked of what will be multiplied with: an infinity made by the cast to float16 would reach the batch's others."""
    return bool(torch.isfinite(half.float()).all())


def _merge_mid(name: str, mid: Tensor, down: Tensor) -> Tensor:
    """LyCORIS writes a k x k convolution as 1x1, k x k, 1x1; the first two make one, (rank, in, kh, kw) in float32."""
    rank = down.shape[0]
    if mid.ndim != 4 or down.ndim != 4 or mid.shape[:2] != (rank, rank) or down.shape[2:] != (1, 1):
        raise WeightsRefused("bad-rank", f"The middle weight of “{name}” does not fit its pair.")
    return torch.einsum("rjhw,ji->rihw", mid.float(), down[:, :, 0, 0].float())


@dataclass(frozen=True, slots=True)
class _Alphas:
    """The alphas that diffusers and peft keep in the file's metadata; without any, alpha equals the rank."""

    alpha: float | None = None
    alpha_of: Mapping[str, float] | None = None
    rank_stabilised: bool = False
    of_lycoris: float = 1.0
    """The whole scale of a LoHa or LoKr."""

    def scale(self, name: str, rank: int) -> float:
        alpha = next((value for end, value in (self.alpha_of or {}).items() if name.endswith(end)), self.alpha)
        if alpha is None:
            return 1.0
        return alpha / (rank**0.5 if self.rank_stabilised else rank)


def _alphas_of_file(path: Path, metadata: Mapping[str, str]) -> dict[Network, _Alphas]:
    """From the file's metadata, or from the config that peft writes beside its `adapter_model.safetensors`.

    That config is outside of the pinned sha256; but peft's file says its strength nowhere else.
    """
    beside = path.with_name("adapter_config.json")
    try:
        if path.name == "adapter_model.safetensors" and beside.is_file():
            plain = json.loads(beside.read_text("utf-8"))
            config: dict[str, Any] = {
                f"{network}.{name}": value for network in NETWORKS for name, value in plain.items()
            }
        else:
            config = json.loads(metadata.get("lora_adapter_metadata", "{}"))
        return {network: _alphas_of_network(config, network) for network in NETWORKS}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise WeightsRefused("bad-alpha", "What the LoRA says of its alpha cannot be read.") from error


def _alphas_of_network(config: Mapping[str, Any], network: Network) -> _Alphas:
    alpha = config.get(f"{network}.lora_alpha")
    pattern = config.get(f"{network}.alpha_pattern") or {}
    if not all(re.fullmatch(r"[\w.]+", name) for name in pattern):
        raise ValueError("a pattern that is no plain name")  # peft reads them as regular expressions
    return _Alphas(
        alpha=None if alpha is None else float(alpha),
        alpha_of={name.replace(".", "_"): float(value) for name, value in pattern.items()},
        rank_stabilised=bool(config.get(f"{network}.use_rslora")),
        of_lycoris=float(config.get(f"{network}.alpha", 1)) / float(config.get(f"{network}.r", 1))
        if f"{network}.alpha" in config
        else 1.0,
    )
