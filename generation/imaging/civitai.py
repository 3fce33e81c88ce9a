"""Reads the raw JSON that Civitai and its friends append to infotext: `Civitai resources` and `Hashes`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from generation.imaging.infotext import NamedLora, ParsedInfotext

_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Resources:
    """The weight files that a picture lists; hashes are AutoV2, ten digits."""

    checkpoint: str = ""
    checkpoint_hash: str = ""
    loras: tuple[NamedLora, ...] = ()
    embeddings: tuple[str, ...] = ()
    lora_hashes: Mapping[str, str] = field(default_factory=dict)


def resources(parsed: ParsedInfotext) -> Resources:
    """What both blocks tell; entries of another shape tell nothing."""
    hashes = _hashes(parsed.blocks.get("Hashes"))
    listed = parsed.blocks.get("Civitai resources")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    checkpoints = [_name(row) for row in rows if _is(row, "checkpoint", "model")]
    return Resources(
        checkpoint=checkpoints[0] if checkpoints else "",
        checkpoint_hash=hashes.get("model", ""),
        loras=tuple(NamedLora(_name(row), _weight(row)) for row in rows if _is(row, "lora", "lycoris", "locon")),
        embeddings=tuple(_name(row) for row in rows if _is(row, "embed", "embedding", "textualinversion")),
        lora_hashes={key[5:]: value for key, value in hashes.items() if key[:5].lower() in ("lora:", "lyco:")},
    )


def _hashes(block: object) -> dict[str, str]:
    return {key: str(value) for key, value in block.items()} if isinstance(block, dict) else {}


def _is(row: Mapping[str, object], *kinds: str) -> bool:
    """The kind stands in `type`, for a while as `ImageJobNetworkParams { ..., Type = lora }`, or only in `air`."""
    words = _WORD.findall(f"{row.get('type', '')} {row.get('air', '')}".lower())
    return any(kind in words for kind in kinds)


def _name(row: Mapping[str, object]) -> str:
    """Civitai leaves the name out at times; then its version's number is all there is to tell by."""
    return str(row.get("modelName") or f"Civitai version {row.get('modelVersionId', '?')}")


def _weight(row: Mapping[str, object]) -> float:
    weight = row.get("weight")
    return float(weight) if isinstance(weight, int | float) else 1.0
