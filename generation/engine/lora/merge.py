"""Several LoRAs merged into one: the weighted sum of what they add to each layer, brought back to a low rank by SVD.

Not for mixing them while a picture is drawn: that is `mixed_batch`. Merged equals mixed where the rank holds their sum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.engine.lora.file import LoraPair, LoraWeights, Pairs
from generation.engine.outcome import WeightsRefused

SMALLEST = 1e-7
"""Singular values below this share of what went into a layer are rounding, not content."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The tensors under kohya's names (float32, alpha equal to each layer's rank), the largest rank, and `kept`: the
    share (0 to 1) of the squared size of the whole change that the chosen rank holds.
    """

    tensors: dict[str, Tensor]
    rank: int
    kept: float


def merge_loras(parents: Sequence[tuple[LoraWeights, float]], rank: int) -> Merged:
    """Add the parents, each times its weight, and cut every layer to at most `rank` (1 to 256).

    Raises WeightsRefused when two of them shape one layer differently, or nothing is left of their sum.
    """
    second = any(weights.text_encoders[1] for weights, _ in parents)
    prefixes = ("lora_unet_", "lora_te1_" if second else "lora_te_", "lora_te2_")
    tensors: dict[str, Tensor] = {}
    largest, whole, held = 0, 0.0, 0.0
    for number, prefix in enumerate(prefixes):
        parts = [(_pairs(weights, number), weight) for weights, weight in parents]
        for module in dict.fromkeys(name for pairs, _ in parts for name in pairs):
            summands = [(pairs[module], weight) for pairs, weight in parts if module in pairs and weight]
            if not summands:
                continue
            down, up, energies = _cut(module, summands, rank)
            if down is None or up is None:
                continue
            key = prefix + _kohya_name(module, number)
            tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}
            tensors[f"{key}.alpha"] = torch.tensor(float(down.shape[0]))
            largest, whole, held = max(largest, down.shape[0]), whole + energies[0], held + energies[1]
    if not tensors:
        raise WeightsRefused("empty-merge", "Nothing is left of these LoRAs at these weights.")
    return Merged(tensors, largest, held / whole)


def _pairs(weights: LoraWeights, number: int) -> Pairs:
    return weights.unet if number == 0 else weights.text_encoders[number - 1]


def _kohya_name(module: str, number: int) -> str:
    """Files name an encoder's layers below `text_model`; a projection stands beside it."""
    inside = number > 0 and not module.startswith("text_projection")
    return f"text_model_{module}" if inside else module


def _cut(
    module: str, summands: Sequence[tuple[LoraPair, float]], rank: int
) -> tuple[Tensor | None, Tensor | None, tuple[float, float]]:
    """The best pair, (rank, in...) and (out, rank...), for a sum of pairs; squared sizes of the sum and of that pair.

    The sum is never made in full: two thin QRs leave a core as large as the ranks together (Halko et al. 2011, 5.2).
    """
    shape = _shape_of(module, [pair for pair, _ in summands])
    ups = [pair.up.double().flatten(1) * (pair.scale * weight) for pair, weight in summands]
    downs = [pair.down.double().flatten(1) for pair, _ in summands]
    left, left_core = torch.linalg.qr(torch.cat(ups, dim=1))
    right, right_core = torch.linalg.qr(torch.cat(downs).T)
    u, sizes, v = torch.linalg.svd(left_core @ right_core.T)
    count = min(rank, int((sizes > SMALLEST * left_core.norm() * right_core.norm()).sum()))
    if not count:
        return None, None, (0.0, 0.0)
    # Halves of equal size keep both well within what float16 holds, should somebody convert the file.
    roots = sizes[:count].sqrt()
    up = (left @ u[:, :count]) * roots
    down = roots[:, None] * (v[:count] @ right.T)
    energies = float((sizes**2).sum()), float((sizes[:count] ** 2).sum())
    up = up[:, :, None, None] if len(shape) == 3 else up
    return down.reshape(count, *shape).float().contiguous(), up.float().contiguous(), energies


def _shape_of(module: str, pairs: Sequence[LoraPair]) -> tuple[int, ...]:
    """What `down` has beyond its rank. 1x1 convolutions and linear layers are one thing; the longer form is written."""
    shapes = {tuple(pair.down.shape[1:]) for pair in pairs}
    plain = {shape[:1] if shape[1:] in ((), (1, 1)) else shape for shape in shapes}
    if len(plain) != 1 or len({pair.up.shape[0] for pair in pairs}) != 1:
        raise WeightsRefused(
            "other-shapes", f"These LoRAs do not fit together: “{module}” has different sizes in them."
        )
    return max(shapes, key=len)


def merge_metadata(title: str, base_version: str, rank: int, parents: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """What the merged file says of itself: kohya's fields, and the hash and weight of everything that went in."""
    return {
        "modelspec.title": title,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(float(rank)),
        "ss_base_model_version": base_version,
        "tempera_parents": json.dumps(list(parents), sort_keys=True),
    }
