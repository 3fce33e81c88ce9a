"""LyCORIS' LoHa and LoKr, told by the shapes of their tensors: what each adds, spread out, is a pair like a LoRA's.

LoHa adds (w1_a w1_b) * (w2_a w2_b), entry by entry, whose rank is at most the product of both; LoKr adds the Kronecker
product of w1 and w2, each whole or two factors. Kernels of convolutions lie flat in the columns. Tensors are
multiplied by `engine.lora.lycoris`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from generation.weightfiles.lora_keys import Role
from generation.weightfiles.safetensors_header import WeightFileRefused

Shape = tuple[int, ...]
Matrix = tuple[int, int]
MAX_SPREAD_NUMBERS = 2**29
"""All pairs of a file together: 1 GiB in half precision, as large as a LoRA file may be."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a module's tensors become: a pair of `rank` from `inputs` to `outputs`. A `dense` one is the sum itself,
    for a pair would be larger; `file_rank` is what alpha is divided by (0: it is not).
    """

    outputs: int
    inputs: int
    rank: int
    dense: bool
    file_rank: int

    @property
    def numbers(self) -> int:
        return self.rank * (self.outputs + self.inputs)


def is_lycoris(slots: Mapping[Role, object]) -> bool:
    return any(role.startswith(("hada_", "lokr_")) for role in slots)


def spread(module: str, shapes: Mapping[Role, Shape]) -> Spread:
    """Raises WeightFileRefused where tensors are missing, do not fit together, or are of two kinds."""
    kinds = {role.partition("_")[0] for role in shapes if role != "alpha"}
    if len(kinds) != 1:
        raise WeightFileRefused("half-pair", f"“{module}” is described in two ways at once.")
    flat: dict[Role, Matrix] = {
        role: (shape[0], math.prod(shape[1:])) for role, shape in shapes.items() if len(shape) > 1
    }
    try:
        return _hadamard(flat) if kinds == {"hada"} else _kronecker(flat)
    except KeyError as missing:
        raise WeightFileRefused("half-pair", f"“{module}” lacks its {missing.args[0]}.") from missing
    except ValueError as error:
        raise WeightFileRefused("bad-rank", f"The parts of “{module}” do not fit together.") from error


def _hadamard(shapes: Mapping[Role, Matrix]) -> Spread:
    first = _product(shapes["hada_w1_a"], shapes["hada_w1_b"])
    if first != _product(shapes["hada_w2_a"], shapes["hada_w2_b"]):
        raise ValueError(first)
    file_rank = shapes["hada_w1_b"][0]
    return _chosen(*first, file_rank * shapes["hada_w2_b"][0], file_rank)


def _kronecker(shapes: Mapping[Role, Matrix]) -> Spread:
    first, first_rank = _factor(shapes, "lokr_w1", "lokr_w1_a", "lokr_w1_b")
    second, second_rank = _factor(shapes, "lokr_w2", "lokr_w2_a", "lokr_w2_b")
    inner = first[1] * (second_rank or second[0])
    return _chosen(first[0] * second[0], first[1] * second[1], inner, second_rank or first_rank)


def _factor(shapes: Mapping[Role, Matrix], whole: Role, left: Role, right: Role) -> tuple[Matrix, int]:
    """The shape of a factor, and its rank where it is a product itself."""
    if whole in shapes:
        return shapes[whole], 0
    return _product(shapes[left], shapes[right]), shapes[right][0]


def _product(left: Matrix, right: Matrix) -> Matrix:
    if left[1] != right[0]:
        raise ValueError(left, right)
    return left[0], right[1]


def _chosen(outputs: int, inputs: int, rank: int, file_rank: int) -> Spread:
    dense = rank >= min(outputs, inputs)
    return Spread(outputs, inputs, min(outputs, inputs) if dense else rank, dense, file_rank)
