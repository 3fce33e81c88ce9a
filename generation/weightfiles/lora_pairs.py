"""The pairs of a LoRA file: every layer needs its two halves, of one rank that is taken; LyCORIS has more parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from generation.weightfiles.lora_keys import Role, is_left_out, parse_lora_key
from generation.weightfiles.lycoris import MAX_SPREAD_NUMBERS, is_lycoris, spread
from generation.weightfiles.safetensors_header import Header, TensorEntry, WeightFileRefused, read_scalar

MAX_RANK = 256
Slots = Mapping[Role, TensorEntry]


def lora_slots(header: Header) -> dict[tuple[str, str], dict[Role, TensorEntry]]:
    """The tensors of each network and module, but for those that are left out. Raises WeightFileRefused."""
    slots: dict[tuple[str, str], dict[Role, TensorEntry]] = {}
    for key, entry in header.tensors.items():
        if not is_left_out(key):
            place = parse_lora_key(key)
            slot = slots.setdefault((place.network, place.module), {})
            if place.role in slot:
                raise WeightFileRefused("duplicate-key", f"The file describes “{place.module}” twice.")
            slot[place.role] = entry
    if not slots:
        raise WeightFileRefused("unused-key", "Nothing in the file is a LoRA that could be drawn with.")
    return slots


def input_width(module: str, slots: Slots) -> int:
    """Of the layer that a LoRA changes; 0 where its halves do not tell."""
    if is_lycoris(slots):
        return spread(module, {role: entry.shape for role, entry in slots.items()}).inputs
    return slots["down"].shape[1] if "down" in slots and len(slots["down"].shape) > 1 else 0


def check_pairs(path: Path, header: Header) -> int:
    """Every target needs one down and one up of equal rank; alphas must be finite. Gives the largest rank."""
    ranks, numbers = [], 0
    for (_, module), slots in lora_slots(header).items():
        if "alpha" in slots and not math.isfinite(read_scalar(path, slots["alpha"])):
            raise WeightFileRefused("bad-alpha", f"The alpha of “{module}” is not a finite number.")
        if is_lycoris(slots):
            whole = spread(module, {role: entry.shape for role, entry in slots.items()})
            numbers += whole.numbers
            ranks.append(whole.file_rank or whole.rank)
        else:
            ranks.append(_rank(module, slots))
    if numbers > MAX_SPREAD_NUMBERS:
        raise WeightFileRefused("too-large", "Multiplied out, this LoRA would take more than 1 GiB.")
    return max(ranks)


def _rank(module: str, slots: Slots) -> int:
    if "down" not in slots or "up" not in slots:
        raise WeightFileRefused("half-pair", f"The LoRA pair of “{module}” is incomplete.")
    down, up = slots["down"].shape, slots["up"].shape
    if min(len(down), len(up)) < 2 or down[0] != up[1]:
        raise WeightFileRefused("bad-rank", f"The two halves of “{module}” have different ranks.")
    if not 1 <= down[0] <= MAX_RANK:
        raise WeightFileRefused("bad-rank", f"“{module}” has rank {down[0]}; 1 to {MAX_RANK} are taken.")
    return down[0]
