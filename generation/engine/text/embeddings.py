"""Textual-inversion embeddings: reads their vectors from safetensors files.

Named in a prompt like a word, an embedding puts its own vectors where that word's tokens would have been looked up;
where its name stands is found by `generation.prompting.chunking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from generation.engine.outcome import WeightsRefused
from generation.prompting.chunking import Insert

KEYS_BY_ENCODERS = {1: ("emb_params",), 2: ("clip_l", "clip_g")}
"""The tensors of a file by the number of text encoders: SD 1 and 2 have one encoder, SDXL has CLIP-L and OpenCLIP-G."""

MADE_FOR = {1: "Stable Diffusion 1 or 2 (one text encoder)", 2: "SDXL (two text encoders)"}


@dataclass(frozen=True, slots=True)
class EmbeddingVectors:
    """An embedding in memory: for each text encoder a tensor (vectors, width); all with the same number of vectors."""

    name: str
    insert: Insert
    tensors: tuple[Tensor, ...]

    @property
    def size_bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors)


def read_embedding(path: Path, name: str, key: str, widths: Sequence[int], longest: int) -> EmbeddingVectors:
    """The embedding in a safetensors file, checked against the encoders' `widths` and the chunk length `longest`.

    Raises WeightsRefused, with a sentence that calls the embedding `name`, for whatever cannot be used as it is.
    """
    tensors = tuple(map(torch.atleast_2d, pick_tensors(read_tensors(path, name), name, len(widths))))
    check_vectors(tensors, name, widths, longest)
    return EmbeddingVectors(name, Insert(key, len(tensors[0])), tensors)


def read_tensors(path: Path, name: str) -> dict[str, Tensor]:
    """The file's tensors by key, of whatever shape (...). Raises WeightsRefused."""
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (a safe_open handle is no dict)
    except (SafetensorError, OSError) as error:
        raise refused(name, "is no readable safetensors file") from error


def pick_tensors(tensors: dict[str, Tensor], name: str, encoders: int) -> tuple[Tensor, ...]:
    """The tensors for each encoder, (vectors, width) or (width,).

    A lone tensor under any name is how diffusers saves one for SD 1 and 2.
    """
    keys = KEYS_BY_ENCODERS[encoders]
    if set(keys) <= set(tensors):
        return tuple(tensors[key] for key in keys)
    if encoders == 1 and len(tensors) == 1 and not set(tensors) & set(KEYS_BY_ENCODERS[2]):
        return tuple(tensors.values())
    for others, other_keys in KEYS_BY_ENCODERS.items():
        if set(other_keys) <= set(tensors):
            raise refused(name, f"was made for {MADE_FOR[others]}, and this checkpoint has another family")
    raise refused(name, f"does not hold the tensors of an embedding ({', '.join(keys)})")


def check_vectors(tensors: Sequence[Tensor], name: str, widths: Sequence[int], longest: int) -> None:
    """Raises WeightsRefused unless each is (vectors, width), finite, with at most `longest` vectors, as many in all."""
    for tensor, width in zip(tensors, widths, strict=True):
        if tensor.ndim != 2 or not tensor.is_floating_point() or not len(tensor):
            raise refused(name, "does not hold rows of numbers")
        if tensor.shape[1] != width:
            raise refused(name, f"has vectors of width {tensor.shape[1]}, and this checkpoint reads {width}")
        if not bool(torch.isfinite(tensor).all()):
            raise refused(name, "holds numbers that are not finite")
    if len({len(tensor) for tensor in tensors}) > 1:
        raise refused(name, "holds a different number of vectors for each text encoder")
    if len(tensors[0]) > longest:
        raise refused(name, f"has {len(tensors[0])} vectors, and one chunk of text holds {longest}")


def refused(name: str, reason: str) -> WeightsRefused:
    return WeightsRefused("embedding-refused", f"The embedding “{name}” {reason}.")
