"""What a weight file is, told from its headers alone: kind, family, rank, hashes, trigger words. Standard library only.

Not for loading weights: that is `generation.engine.loading`. A folder is one checkpoint (or VAE) in diffusers' layout.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from generation.weightfiles.lora_keys import LoraKey, parse_lora_key, unsupported_kind
from generation.weightfiles.safetensors_header import Header, TensorEntry, WeightFileRefused, read_header, read_scalar

__all__ = [
    "CONTEXT_WIDTHS", "Kind", "WeightFile", "WeightFileRefused", "classify", "hash_weights", "read_weightfile",
    "stamp_of",
]  # fmt: skip

Kind = Literal["checkpoint", "lora", "embedding", "vae"]

CONTEXT_WIDTHS = {128: "mini", 768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""The width of the text states that a UNet attends to tells its family."""

MAX_RANK = 256
MAX_LORA_BYTES = 1024**3
MAX_TAG_COUNT = 10**9
LATENT_CHANNELS = 4
FLOATS = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
PIPELINES = {"StableDiffusionPipeline", "StableDiffusionXLPipeline"}
SUBFOLDERS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
PREFIXES_OF_COMPONENTS = {
    "VAE": ("first_stage_model.",),
    "text encoder": ("cond_stage_model.", "conditioner.embedders."),
}
BASE_VERSIONS = (("sdxl", "sdxl"), ("sd_v2", "sd2"), ("sd_v1", "sd1"), ("mini", "mini"))


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One weight file or folder. `family` is empty for a VAE (the latents of sd1, sd2 and sdxl have the same shape).

    `sha256` of a folder is over its sorted (relative name, file's sha256) pairs. `lora_hash` is A1111's: the SHA-256 of
    the bytes after the header, first 12 digits. `rank` is the largest of a LoRA's pairs. `vectors` are an embedding's:
    the tokens that it takes in a prompt.
    """

    kind: Kind
    family: str
    sha256: str
    title: str
    layout: Literal["folder", "file"]
    size_bytes: int
    rank: int | None = None
    vectors: int | None = None
    trigger_words: tuple[str, ...] = ()
    lora_hash: str = ""
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
        return _classify_folder(path)
    header = _header(path)
    kind = _checked_kind(header.tensors)
    return kind, _FAMILY_READERS[kind](header)


def stamp_of(path: Path) -> str:
    """Size in bytes and newest time of change: while it stays, a file or folder need not be read again."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    stats = [file.stat() for file in files]
    return f"{sum(s.st_size for s in stats)}-{max((s.st_mtime_ns for s in stats), default=0)}"


def hash_weights(path: Path) -> str:
    """The SHA-256 by which a file or folder is pinned; reads every byte of it."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    lines = (f"{name}\0{hash_weights(file)}\n" for name, file in _folder_files(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _header(path: Path) -> Header:
    if not path.is_file():
        raise WeightFileRefused("no-such-file", f"There is no weight file “{path.name}”.")
    if path.suffix != ".safetensors":
        raise WeightFileRefused("not-safetensors", f"“{path.name}” is not a .safetensors file; only those are taken.")
    return read_header(path)


def _read_file(path: Path) -> WeightFile:
    header = _header(path)
    kind = _checked_kind(header.tensors)
    rank = _check_pairs(path, header) if kind == "lora" else None
    if kind != "checkpoint":
        _check_small_file(path, header.tensors)
    title = header.metadata.get("modelspec.title") or header.metadata.get("ss_output_name") or path.stem
    return WeightFile(
        kind=kind,
        family=_FAMILY_READERS[kind](header),
        sha256=hash_weights(path),
        title=(_line(title) or path.stem)[:120],
        layout="file",
        size_bytes=path.stat().st_size,
        rank=rank,
        vectors=_vectors(header) if kind == "embedding" else None,
        trigger_words=_trigger_words(header.metadata) if kind == "lora" else (),
        lora_hash=_hash_after_header(path, header) if kind == "lora" else "",
        metadata=header.metadata,
    )


def _hash_after_header(path: Path, header: Header) -> str:
    with path.open("rb") as file:
        file.seek(header.data_start)
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _checked_kind(tensors: Mapping[str, TensorEntry]) -> Kind:
    """Only checkpoints in one file carry empty tensors: the marks `v_pred` and `ztsnr`."""
    kind = _kind(tensors)
    if kind != "checkpoint":
        _refuse_empty(tensors)
    return kind


def _refuse_empty(tensors: Mapping[str, TensorEntry]) -> None:
    for key, entry in tensors.items():
        if 0 in entry.shape:
            raise WeightFileRefused("bad-shape", f"“{key}” is empty.")


def _kind(tensors: Mapping[str, TensorEntry]) -> Kind:
    keys = tensors.keys()
    if any(key.startswith("model.diffusion_model.") for key in keys):
        return "checkpoint"
    if any(re.search(r"lora|\.alpha$", key) or unsupported_kind(key) for key in keys):
        return "lora"
    # diffusers saves a textual inversion as one tensor named after its token.
    lone_vector = len(tensors) == 1 and all(len(entry.shape) in (1, 2) for entry in tensors.values())
    if "emb_params" in keys or {"clip_l", "clip_g"} <= keys or lone_vector:
        return "embedding"
    if any(key.removeprefix("first_stage_model.") == "decoder.conv_in.weight" for key in keys):
        return "vae"
    raise WeightFileRefused("unknown-kind", "The file is neither a checkpoint, a LoRA, an embedding nor a VAE.")


def _check_small_file(path: Path, tensors: Mapping[str, TensorEntry]) -> None:
    if path.stat().st_size > MAX_LORA_BYTES:
        raise WeightFileRefused("too-large", "The file is larger than 1 GiB.")
    for key, entry in tensors.items():
        if entry.dtype not in FLOATS and not (key.endswith("alpha") and not entry.shape):
            raise WeightFileRefused("bad-dtype", f"“{key}” is stored as {entry.dtype}; floating point is expected.")


def _check_pairs(path: Path, header: Header) -> int:
    """Every target needs one down and one up of equal rank; alphas must be finite. Gives the largest rank."""
    pairs: dict[tuple[str, str], dict[str, TensorEntry]] = {}
    for key, entry in header.tensors.items():
        place = parse_lora_key(key)
        slots = pairs.setdefault((place.network, place.module), {})
        if place.role in slots:
            raise WeightFileRefused("duplicate-key", f"The file describes “{place.module}” twice.")
        slots[place.role] = entry
        if place.role == "alpha" and not math.isfinite(read_scalar(path, entry)):
            raise WeightFileRefused("bad-alpha", f"The alpha of “{place.module}” is not a finite number.")
    return max(_rank(module, slots) for (_, module), slots in pairs.items())


def _rank(module: str, slots: Mapping[str, TensorEntry]) -> int:
    if "down" not in slots or "up" not in slots:
        raise WeightFileRefused("half-pair", f"The LoRA pair of “{module}” is incomplete.")
    down, up = slots["down"].shape, slots["up"].shape
    if min(len(down), len(up)) < 2 or down[0] != up[1]:
        raise WeightFileRefused("bad-rank", f"The two halves of “{module}” have different ranks.")
    if not 1 <= down[0] <= MAX_RANK:
        raise WeightFileRefused("bad-rank", f"“{module}” has rank {down[0]}; 1 to {MAX_RANK} are taken.")
    return down[0]


def _family_of_widths(widths: Iterable[int], what: str) -> str:
    families = {CONTEXT_WIDTHS.get(width, "") for width in widths}
    if len(families) == 1 and (family := families.pop()):
        return family
    raise WeightFileRefused("unknown-family", f"{what} belongs to no family that Tempera draws (SD 1.x, SD 2.x, SDXL).")


def _checkpoint_family(header: Header) -> str:
    stem = header.tensors.get("model.diffusion_model.input_blocks.0.0.weight")
    if stem is None or len(stem.shape) != 4 or stem.shape[1] != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-checkpoint", "This is no text-to-image Stable Diffusion checkpoint.")
    for part, prefixes in PREFIXES_OF_COMPONENTS.items():
        if not any(key.startswith(prefixes) for key in header.tensors):
            raise WeightFileRefused("incomplete-checkpoint", f"The checkpoint has no weights for its {part}.")
    pattern = re.compile(r"model\.diffusion_model\..*attn2\.to_k\.weight")
    widths = (entry.shape[-1] for key, entry in header.tensors.items() if pattern.fullmatch(key))
    return _family_of_widths(widths, "The checkpoint")


def _lora_family(header: Header) -> str:
    downs: list[tuple[LoraKey, TensorEntry]] = []
    for key, entry in header.tensors.items():
        place = parse_lora_key(key)
        if place.role == "down":
            downs.append((place, entry))
    if any(place.network == "text_encoder_2" for place, _ in downs):
        return "sdxl"
    widths = {entry.shape[1] for place, entry in downs if re.search(r"_attn2_to_[kv]$", place.module)}
    if not widths:
        widths = {entry.shape[1] for place, entry in downs if re.search(r"_self_attn_[qkv]_proj$", place.module)}
    if widths:
        return _family_of_widths(widths, "The LoRA")
    for beginning, family in BASE_VERSIONS:
        if header.metadata.get("ss_base_model_version", "").startswith(beginning):
            return family
    raise WeightFileRefused("unknown-family", "Nothing in the LoRA tells which family of checkpoints it is for.")


def _embedding_family(header: Header) -> str:
    if "clip_g" in header.tensors:
        widths = [header.tensors[key].shape[-1] for key in ("clip_l", "clip_g")]
        if widths != [768, 1280]:
            raise WeightFileRefused("unknown-family", "The embedding's widths are not those of SDXL.")
        return "sdxl"
    return _family_of_widths([_embedding_tensor(header).shape[-1]], "The embedding")


def _vectors(header: Header) -> int:
    """A tensor of one dimension is one vector."""
    shape = _embedding_tensor(header).shape
    return shape[0] if len(shape) > 1 else 1


def _embedding_tensor(header: Header) -> TensorEntry:
    return header.tensors.get("emb_params") or next(iter(header.tensors.values()))


def _vae_family(header: Header) -> str:
    for key, entry in header.tensors.items():
        if key.endswith("decoder.conv_in.weight") and (len(entry.shape) != 4 or entry.shape[1] != LATENT_CHANNELS):
            raise WeightFileRefused("unsupported-vae", "The VAE is not for Stable Diffusion's latents.")
    return ""


_FAMILY_READERS = {
    "checkpoint": _checkpoint_family,
    "lora": _lora_family,
    "embedding": _embedding_family,
    "vae": _vae_family,
}


def _trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The author's phrase, else the tags that nearly every training picture carried (kohya's `ss_tag_frequency`)."""
    if phrase := metadata.get("modelspec.trigger_phrase", ""):
        return tuple(line[:60] for word in phrase.split(",") if (line := _line(word)))[:8]
    counts: Counter[str] = Counter()
    try:
        for tags in json.loads(metadata.get("ss_tag_frequency", "{}")).values():
            for tag, count in tags.items():
                counts[_line(tag)] += _count(count)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return ()
    del counts[""]
    often = 0.9 * max(counts.values(), default=0)
    usual = sorted((tag for tag, count in counts.items() if count >= often > 0), key=lambda tag: (-counts[tag], tag))
    return tuple(tag[:60] for tag in usual[:4])


def _count(value: Any) -> int:
    """How often a tag was seen. Raises ValueError, TypeError or OverflowError for what is no such number."""
    if not 0 <= (count := int(value)) <= MAX_TAG_COUNT:
        raise ValueError(value)
    return count


def _line(text: str) -> str:
    """Printable, on one line: neither NUL nor half a surrogate pair, which no database takes."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _read_folder(folder: Path) -> WeightFile:
    kind, family = _classify_folder(folder)
    return WeightFile(
        kind=kind,
        family=family,
        sha256=hash_weights(folder),
        title=_line(folder.name)[:120] or "weights",
        layout="folder",
        size_bytes=sum(file.stat().st_size for _, file in _folder_files(folder)),
    )


def _classify_folder(folder: Path) -> tuple[Kind, str]:
    weights = [file for _, file in _folder_files(folder) if file.suffix == ".safetensors"]
    if not weights:
        raise WeightFileRefused("not-safetensors", f"The folder “{folder.name}” holds no .safetensors weights.")
    for file in weights:
        _refuse_empty(read_header(file).tensors)
    if (folder / "model_index.json").is_file():
        return "checkpoint", _folder_family(folder)
    config = _read_json(folder / "config.json")
    if config.get("_class_name") != "AutoencoderKL" or config.get("latent_channels") != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-vae", "The VAE is not for Stable Diffusion's latents.")
    return "vae", ""


def _folder_files(folder: Path) -> list[tuple[str, Path]]:
    """The weight files and configs that loading reads, sorted by relative name; all else in the folder is ignored."""
    index = folder / "model_index.json"
    parts = [folder / part for part in SUBFOLDERS] if index.is_file() else [folder]
    files = [file for part in parts if part.is_dir() for file in part.iterdir() if file.is_file()]
    wanted = [file for file in files if file.suffix in {".safetensors", ".json", ".txt"}]
    wanted += [index] if index.is_file() else []
    return sorted((file.relative_to(folder).as_posix(), file) for file in wanted)


def _folder_family(folder: Path) -> str:
    index, unet = _read_json(folder / "model_index.json"), _read_json(folder / "unet" / "config.json")
    if index.get("_class_name") not in PIPELINES or unet.get("in_channels") != LATENT_CHANNELS:
        raise WeightFileRefused("unsupported-checkpoint", "This is no text-to-image Stable Diffusion checkpoint.")
    for part in ("unet", "vae", "text_encoder"):
        if not any((folder / part).glob("*.safetensors")):
            raise WeightFileRefused(
                "incomplete-checkpoint", f"The checkpoint has no .safetensors weights for its {part}."
            )
    width = unet.get("cross_attention_dim")
    return _family_of_widths([width] if isinstance(width, int) else [], "The checkpoint")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightFileRefused("incomplete-checkpoint", f"“{path.name}” is missing or not valid JSON.") from error
    return document if isinstance(document, dict) else {}
