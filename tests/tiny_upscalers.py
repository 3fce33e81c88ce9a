"""Upscaling networks of the ESRGAN family with a few random weights, in each way of naming their layers."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from generation.weightfiles.upscalers import UpscalerShape, layers_of

RRDB = UpscalerShape("rrdb", scale=2, features=8, blocks=2, growth=4, doublings=1)
FOLDED = UpscalerShape("rrdb", scale=2, features=8, blocks=1, growth=4, doublings=2, folded=2)
COMPACT = UpscalerShape("compact", scale=4, features=8, blocks=2)


def tensors_of(shape: UpscalerShape, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights small enough that what comes out resembles a picture."""
    generator = torch.Generator().manual_seed(seed)
    return {name: 0.1 * torch.randn(size, generator=generator) for name, size in layers_of(shape).items()}


def as_oldest(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Under the names of ESRGAN's first files, whose layers are numbered; for two blocks and one doubling."""
    places = {"conv_first": "model.0", "conv_body": "model.1.sub.2", "conv_up1": "model.3", "conv_hr": "model.5",
              "conv_last": "model.7"}  # fmt: skip
    named = {}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        if layer.startswith("body."):
            _, block, dense, place = layer.split(".")
            named[f"model.1.sub.{block}.{dense.upper()}.{place}.0.{part}"] = tensor
        else:
            named[f"{places[layer]}.{part}"] = tensor
    return named


def as_old(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Under the names of BSRGAN's files."""
    renamed = {"conv_body": "trunk_conv", "conv_hr": "HRconv", "conv_up1": "upconv1"}
    named = {}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        if layer.startswith("body."):
            layer = layer.replace("body.", "RRDB_trunk.").replace(".rdb", ".RDB")
        named[f"{renamed.get(layer, layer)}.{part}"] = tensor
    return named


def write(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path
