"""Upscaling networks are known by their headers, in every way of naming their layers; what is not whole is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from generation.weightfiles.classify import read_weightfile
from generation.weightfiles.safetensors_header import WeightFileRefused, read_header
from generation.weightfiles.upscalers import UpscalerShape, shape_of
from tests.tiny_upscalers import COMPACT, FOLDED, RRDB, as_old, as_oldest, tensors_of, write


def wrapped(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"params_ema.{name}": tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    ("shape", "tensors"),
    [
        (RRDB, tensors_of(RRDB)),
        (RRDB, as_old(tensors_of(RRDB))),
        (RRDB, as_oldest(tensors_of(RRDB))),
        (RRDB, wrapped(tensors_of(RRDB))),
        (FOLDED, tensors_of(FOLDED)),
        (COMPACT, tensors_of(COMPACT)),
    ],
)
def test_networks_are_told_by_their_layers(
    tmp_path: Path, shape: UpscalerShape, tensors: dict[str, torch.Tensor]
) -> None:
    path = write(tmp_path / "4x-net.safetensors", tensors)
    assert shape_of(read_header(path).tensors) == shape
    found = read_weightfile(path)
    assert (found.kind, found.family, found.scale) == ("upscaler", "", shape.scale)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"conv_hr.weight": None}, "incomplete-upscaler"),
        ({"body.1.rdb2.conv3.bias": torch.zeros(3)}, "incomplete-upscaler"),
        ({"body.0.rdb1.conv1x1.weight": torch.zeros(4, 8, 1, 1)}, "unsupported-upscaler"),
        ({"conv_first.weight": torch.zeros(8, 4, 3, 3)}, "unsupported-upscaler"),
    ],
)
def test_what_is_not_drawn_with_is_refused(tmp_path: Path, change: dict[str, torch.Tensor | None], code: str) -> None:
    tensors = {name: tensor for name, tensor in {**tensors_of(RRDB), **change}.items() if tensor is not None}
    with pytest.raises(WeightFileRefused) as refused:
        read_weightfile(write(tmp_path / "broken.safetensors", tensors))
    assert refused.value.code == code
