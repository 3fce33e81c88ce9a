"""LoHa and LoKr multiplied out into pairs, so that they are mixed and merged as LoRAs are.

What the tensors mean is told in `generation.weightfiles.lycoris`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from generation.weightfiles.lora_keys import Role
from generation.weightfiles.lycoris import Spread, spread


def multiplied(module: str, slot: Mapping[Role, Tensor]) -> tuple[Spread, Tensor, Tensor]:
    """Its shape in numbers, `down` (rank, inputs) and `up` (outputs, rank) in float32, without the scale.

    Raises WeightFileRefused for parts that do not fit together.
    """
    shape = spread(module, {role: tuple(tensor.shape) for role, tensor in slot.items()})
    parts = {role: tensor.float().flatten(1) for role, tensor in slot.items() if tensor.ndim > 1}
    down, up = _hadamard(parts, shape) if "hada_w1_a" in parts else _kronecker(parts, shape)
    return shape, down, up


def _hadamard(parts: Mapping[Role, Tensor], shape: Spread) -> tuple[Tensor, Tensor]:
    """Entry by entry, a product of two sums of r ranks is one sum of r * r: of all products of their columns."""
    first, second = (parts["hada_w1_a"], parts["hada_w1_b"]), (parts["hada_w2_a"], parts["hada_w2_b"])
    if shape.dense:
        return _as_pair((first[0] @ first[1]) * (second[0] @ second[1]))
    up = (first[0][:, :, None] * second[0][:, None, :]).flatten(1)
    down = (first[1][:, None, :] * second[1][None, :, :]).flatten(0, 1)
    return down, up


def _kronecker(parts: Mapping[Role, Tensor], shape: Spread) -> tuple[Tensor, Tensor]:
    first = parts["lokr_w1"] if "lokr_w1" in parts else parts["lokr_w1_a"] @ parts["lokr_w1_b"]
    if shape.dense:
        second = parts["lokr_w2"] if "lokr_w2" in parts else parts["lokr_w2_a"] @ parts["lokr_w2_b"]
        return _as_pair(torch.kron(first, second))
    left = torch.eye(len(parts["lokr_w2"])) if "lokr_w2" in parts else parts["lokr_w2_a"]
    right = parts["lokr_w2"] if "lokr_w2" in parts else parts["lokr_w2_b"]
    return torch.kron(torch.eye(first.shape[1]).to(right), right), torch.kron(first, left.to(first))


def _as_pair(whole: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix (outputs, inputs) as a pair of the smaller of both."""
    outputs, inputs = whole.shape
    if outputs <= inputs:
        return whole, torch.eye(outputs).to(whole)
    return torch.eye(inputs).to(whole), whole
