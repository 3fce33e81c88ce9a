"""Weight files with exactly the header that a test wants."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.weightfiles.classify import read_weightfile
from generation.weightfiles.safetensors_header import WeightFileRefused

CROSS = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v"
KEY = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
DOWN, UP, ALPHA = f"{KEY}.lora_down.weight", f"{KEY}.lora_up.weight", f"{KEY}.alpha"
HALVES = {DOWN: ("F16", [4, 768]), UP: ("F16", [32, 4])}


def raw(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    """A file with exactly this header, given as an object or as text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def laid_out(tensors: dict[str, tuple[str, list[int]]], **more: Any) -> tuple[dict[str, Any], bytes]:
    """A header for zero tensors, one after the other, and their data."""
    sizes = {"F64": 8, "I64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "BOOL": 1, "U8": 1}
    header, position = dict(more), 0
    for key, (dtype, shape) in tensors.items():
        end = position + sizes[dtype] * int(torch.Size(shape).numel())
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [position, end]}
        position = end
    return header, bytes(position)


def made(path: Path, tensors: dict[str, tuple[str, list[int]]], **more: Any) -> Path:
    return raw(path, *laid_out(tensors, **more))


def refusal(path: Path) -> str:
    with pytest.raises(WeightFileRefused) as refused:
        read_weightfile(path)
    assert str(refused.value).endswith(".")
    return refused.value.code


def one_pair(module: str, width: int, rank: int = 4) -> dict[str, tuple[str, list[int]]]:
    return {f"{module}.lora_down.weight": ("F16", [rank, width]), f"{module}.lora_up.weight": ("F16", [32, rank])}
