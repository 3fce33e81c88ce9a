"""The pairs of a LoRA file: every layer needs its two halves, of one rank that is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from generation.weightfiles.lora_keys import parse_lora_key
from generation.weightfiles.safetensors_header import Header, TensorEntry, WeightFileRefused, read_scalar

MAX_RANK = 256


def check_pairs(path: Path, header: Header) -> int:
    """Every target needs one down and one up of equal rank; alphas must be finite. Gives the largest rank."""
    pairs: dict[tuple[str, str], dict[str, TensorEntry]] = {}
    for key, entry in header.tensors.items():
        place = parse_lora_key(key)
        slots = pairs.setdefault((place.network, place.module), {})
        if place.role in slots:
            raise WeightFileRefused("duplicate-key", f"The file describes “{place.module}” twice.")
        slots[place.role] = entry
        if place.role == "alpha" and not math.isfinite(read_scalar(path, entry)):
            raise WeightFileRefused("bad-alpha", f"The alpha of “{place.module}” is not a finite number.")
    return max(_rank(module, slots) for (_, module), slots in pairs.items())


def _rank(module: str, slots: Mapping[str, TensorEntry]) -> int:
    if "down" not in slots or "up" not in slots:
        raise WeightFileRefused("half-pair", f"The LoRA pair of “{module}” is incomplete.")
    down, up = slots["down"].shape, slots["up"].shape
    if min(len(down), len(up)) < 2 or down[0] != up[1]:
        raise WeightFileRefused("bad-rank", f"The two halves of “{module}” have different ranks.")
    if not 1 <= down[0] <= MAX_RANK:
        raise WeightFileRefused("bad-rank", f"“{module}” has rank {down[0]}; 1 to {MAX_RANK} are taken.")
    return down[0]
