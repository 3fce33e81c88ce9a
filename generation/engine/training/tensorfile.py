"""Safetensors files written to the byte alike for equal contents, and all at once or not at all.

The library's own writer orders metadata by chance, and a file that a killed process half wrote must never be read.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

KINDS: Mapping[torch.dtype, str] = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.uint8: "U8",
    torch.int64: "I64",
}


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors of any shape (...) through a neighbour file that is renamed when it is whole and on disk."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    end, blocks = 0, []
    for name, tensor in sorted(tensors.items()):
        data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {
            "dtype": KINDS[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(data)],
        }
        end += len(data)
        blocks.append(data)
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    head += b" " * (-len(head) % 8)
    whole = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.writelines(blocks)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every tensor, (...) as it was written, and the metadata. Raises OSError or SafetensorError for a broken file."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118  (a handle)
