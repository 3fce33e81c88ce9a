"""What a weight file is, told from its headers alone: kind, family, rank, hashes, trigger words. Standard library only.

Not for loading weights: that is `generation.engine.loading`. A folder is one checkpoint, VAE or
ControlNet in diffusers' layout, or an annotator in that of transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from generation.weightfiles.folders import annotator_task, classify_folder, folder_files, folder_inpaints
from generation.weightfiles.hashing import hash_weights, lora_hash
from generation.weightfiles.kinds import Kind, family_of, inpaints, kind_of, vectors_of
from generation.weightfiles.lora_keys import left_out
from generation.weightfiles.lora_pairs import check_pairs
from generation.weightfiles.metadata import title_of, trigger_words
from generation.weightfiles.safetensors_header import Header, TensorEntry, WeightFileRefused, read_header
from generation.weightfiles.upscalers import shape_of

MAX_LORA_BYTES = 1024**3
FLOATS = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One weight file or folder. `family` is empty for a VAE (the latents of sd1, sd2 and sdxl have the same shape).

    `sha256` of a folder is over its sorted (relative name, file's sha256) pairs. `lora_hash` is A1111's: the SHA-256 of
    the bytes after the header, first 12 digits. `rank` is the largest of a LoRA's pairs. `vectors` are an embedding's:
    the tokens that it takes in a prompt. `scale` is an upscaler's. `left_out` lists what of a LoRA's file is not used,
    for people. A checkpoint that `inpaints` has a UNet that takes a mask besides. `task` is an annotator's: depth, pose
    or segment.
    """

    kind: Kind
    family: str
    sha256: str
    title: str
    layout: Literal["folder", "file"]
    size_bytes: int
    rank: int | None = None
    vectors: int | None = None
    scale: int | None = None
    trigger_words: tuple[str, ...] = ()
    lora_hash: str = ""
    left_out: str = ""
    inpaints: bool = False
    task: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def autov2(self) -> str:
        """Civitai's AutoV2 and A1111's “Model hash”: the first ten digits."""
        return self.sha256[:10]


def read_weightfile(path: Path | str) -> WeightFile:
    """Read `path`, a .safetensors file or a diffusers folder. Raises WeightFileRefused(code, message)."""
    path = Path(path)
    return _read_folder(path) if path.is_dir() else _read_file(path)


def classify(path: Path) -> tuple[Kind, str]:
    """Kind and family of a file or folder, by the same checks as `read_weightfile` but without reading every byte."""
    if path.is_dir():
        return classify_folder(path)
    header = _header(path)
    kind = kind_of(header.tensors)
    return kind, family_of(kind, header)


def _read_file(path: Path) -> WeightFile:
    header = _header(path)
    kind = kind_of(header.tensors)
    rank = check_pairs(path, header) if kind == "lora" else None
    if kind not in ("checkpoint", "controlnet"):
        _check_small_file(path, header.tensors)
    return WeightFile(
        kind=kind,
        family=family_of(kind, header),
        sha256=hash_weights(path),
        title=title_of(header.metadata, path.stem),
        layout="file",
        size_bytes=path.stat().st_size,
        rank=rank,
        vectors=vectors_of(header) if kind == "embedding" else None,
        scale=shape_of(header.tensors).scale if kind == "upscaler" else None,
        trigger_words=trigger_words(header.metadata) if kind == "lora" else (),
        lora_hash=lora_hash(path, header) if kind == "lora" else "",
        left_out=left_out(header.tensors) if kind == "lora" else "",
        inpaints=kind == "checkpoint" and inpaints(header),
        metadata=header.metadata,
    )


def _header(path: Path) -> Header:
    if not path.is_file():
        raise WeightFileRefused("no-such-file", f"There is no weight file “{path.name}”.")
    if path.suffix != ".safetensors":
        raise WeightFileRefused("not-safetensors", f"“{path.name}” is not a .safetensors file; only those are taken.")
    return read_header(path)


def _check_small_file(path: Path, tensors: Mapping[str, TensorEntry]) -> None:
    if path.stat().st_size > MAX_LORA_BYTES:
        raise WeightFileRefused("too-large", "The file is larger than 1 GiB.")
    for key, entry in tensors.items():
        if entry.dtype not in FLOATS and not (key.endswith("alpha") and not entry.shape):
            raise WeightFileRefused("bad-dtype", f"“{key}” is stored as {entry.dtype}; floating point is expected.")


def _read_folder(folder: Path) -> WeightFile:
    kind, family = classify_folder(folder)
    return WeightFile(
        kind=kind,
        family=family,
        sha256=hash_weights(folder),
        title=title_of({}, folder.name),
        layout="folder",
        size_bytes=sum(file.stat().st_size for _, file in folder_files(folder)),
        inpaints=kind == "checkpoint" and folder_inpaints(folder),
        task=annotator_task(folder) if kind == "annotator" else "",
    )
