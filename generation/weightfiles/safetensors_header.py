"""The header of a safetensors file, read and checked before any library opens the file; standard library only.

Not for judging what the tensors mean (a checkpoint, a LoRA): that is `classify`.
"""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from accounts.refusals import Refusal

MAX_HEADER_BYTES = 8 * 1024 * 1024
MAX_TENSORS = 16_384
MAX_KEY_CHARS = 256
MAX_DIMENSIONS = 5

DTYPE_BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
}
"""Full checkpoints carry a few integers (position ids, counters) and doubles (noise tables) beside their weights."""

_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive, as torch.save writes it (a pickle can run code when it is opened)"),
    (b"\x80", "a Python pickle, which can run code when it is opened"),
    (b"GGUF", "a GGUF file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
)


class WeightFileRefused(Refusal):
    """A weight file that is not taken."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor of a file: `start` and `end` are byte offsets from the file's beginning."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """A checked header: the tensors by key in the file's order, the free metadata, and where the data begins."""

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    data_start: int


def read_header(path: Path) -> Header:
    """The header of `path`, or WeightFileRefused. Costs a read of at most 8 MiB whatever the file claims."""
    size = path.stat().st_size
    with path.open("rb") as file:
        text = _header_text(file, size)
    data_start = 8 + len(text)
    document = _parse(text)
    metadata = _metadata(document.pop("__metadata__", None))
    if not 1 <= len(document) <= MAX_TENSORS:
        raise WeightFileRefused(
            "too-many-tensors", f"The file lists {len(document):,} tensors; 1 to {MAX_TENSORS:,} are taken."
        )
    tensors = {key: _entry(key, value, data_start) for key, value in document.items()}
    _check_layout(tensors, data_start, size)
    return Header(tensors, metadata, data_start)


def read_scalar(path: Path, entry: TensorEntry) -> float:
    """The one number of a one-element tensor (an alpha). Raises WeightFileRefused for more elements or an odd dtype."""
    formats = {"F64": "<d", "F32": "<f", "F16": "<e", "I64": "<q", "I32": "<i"}
    if math.prod(entry.shape) != 1 or entry.dtype not in {*formats, "BF16"}:
        raise WeightFileRefused("bad-alpha", "An alpha of the file is not a single number.")
    with path.open("rb") as file:
        file.seek(entry.start)
        raw = file.read(entry.end - entry.start)
    if entry.dtype == "BF16":  # the upper half of a float32
        return float(struct.unpack("<f", b"\x00\x00" + raw)[0])
    return float(struct.unpack(formats[entry.dtype], raw)[0])


def _header_text(file: BinaryIO, size: int) -> bytes:
    prefix = file.read(9)
    length = int.from_bytes(prefix[:8], "little")
    if prefix[8:9] != b"{":
        what = next((name for magic, name in OTHER_FORMATS if prefix.startswith(magic)), "something else")
        raise WeightFileRefused("not-safetensors", f"The file is {what}. Only .safetensors files are taken.")
    if length > size - 8:
        raise WeightFileRefused("bad-header", f"The header claims {length:,} bytes; the file cannot hold that.")
    if length > MAX_HEADER_BYTES:
        sentence = f"The header of the file has {length:,} bytes; at most {MAX_HEADER_BYTES >> 20} MiB are read."
        raise WeightFileRefused("header-too-large", sentence)
    return b"{" + file.read(length - 1)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
        if _ESCAPED_SURROGATE.search(text):
            # Halves of pairs parse as JSON, but no file, database or answer can hold them.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise WeightFileRefused("bad-header", "The header of the file is not valid JSON.") from error
    if not isinstance(document, dict):
        raise WeightFileRefused("bad-header", "The header of the file is not an object.")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise WeightFileRefused("duplicate-key", "The header of the file names one tensor twice.")
    return table


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _metadata(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise WeightFileRefused("bad-header", "The metadata of the file is not a table of texts.")
    return value


def _entry(key: str, value: Any, data_start: int) -> TensorEntry:
    if len(key) > MAX_KEY_CHARS:
        raise WeightFileRefused("bad-header", f"A tensor name has {len(key)} characters; at most {MAX_KEY_CHARS}.")
    if not key.isprintable():  # it will stand in sentences, logs and the database
        raise WeightFileRefused("bad-header", "A tensor name has characters that cannot be printed.")
    try:
        dtype, shape, (start, end) = value["dtype"], value["shape"], value["data_offsets"]
    except (TypeError, KeyError, ValueError) as error:
        raise WeightFileRefused("bad-header", f"The entry of “{key}” is incomplete.") from error
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        raise WeightFileRefused("bad-dtype", f"“{key}” is stored as {dtype!s:.20}, which is not taken.")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise WeightFileRefused("bad-shape", f"“{key}” has more than {MAX_DIMENSIONS} dimensions.")
    numbers = [*shape, start, end]
    is_mark = shape == [0] and start == end  # `torch.tensor([])`: its name alone says something
    if not all(type(number) is int for number in numbers) or (min(shape, default=1) < 1 and not is_mark):
        raise WeightFileRefused("bad-shape", f"“{key}” has an impossible shape.")
    if math.prod(shape) * DTYPE_BYTES[dtype] != end - start:
        raise WeightFileRefused("bad-offsets", f"The size of “{key}” does not match its shape.")
    return TensorEntry(dtype, tuple(shape), start + data_start, end + data_start)


def _check_layout(tensors: dict[str, TensorEntry], data_start: int, size: int) -> None:
    """The tensors must fill the rest of the file with no gap and no overlap."""
    position = data_start
    for entry in sorted(tensors.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != position:
            raise WeightFileRefused("bad-offsets", "The tensors of the file overlap or leave gaps.")
        position = entry.end
    if position != size:
        raise WeightFileRefused("bad-offsets", "The file is cut short or carries foreign bytes at its end.")
