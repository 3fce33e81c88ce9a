"""Reads the raw JSON that Civitai and its friends append to infotext: `Civitai resources` and `Hashes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generation.imaging.infotext import NamedLora, ParsedInfotext


@dataclass(frozen=True, slots=True)
class Resources:
    """The weight files that a picture lists; hashes are AutoV2, ten digits."""

    checkpoint: str = ""
    checkpoint_hash: str = ""
    loras: tuple[NamedLora, ...] = ()
    lora_hashes: Mapping[str, str] = field(default_factory=dict)


def resources(parsed: ParsedInfotext) -> Resources:
    """What both blocks tell; entries of another shape tell nothing."""
    hashes = _hashes(parsed.blocks.get("Hashes"))
    lora_hashes = {key.partition(":")[2]: value for key, value in hashes.items() if key.startswith(("lora:", "lyco:"))}
    listed = parsed.blocks.get("Civitai resources")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    checkpoints = [str(row.get("modelName", "")) for row in rows if row.get("type") in ("checkpoint", "model")]
    return Resources(
        checkpoint=checkpoints[0] if checkpoints else "",
        checkpoint_hash=hashes.get("model", ""),
        loras=tuple(_lora(row) for row in rows if row.get("type") in ("lora", "lycoris", "locon")),
        lora_hashes=lora_hashes,
    )


def _hashes(block: object) -> dict[str, str]:
    return {key: str(value) for key, value in block.items()} if isinstance(block, dict) else {}


def _lora(row: Mapping[str, object]) -> NamedLora:
    """Civitai leaves the name out at times; then its version number is all there is to tell by."""
    name = row.get("modelName") or f"Civitai version {row.get('modelVersionId', '?')}"
    weight = row.get("weight")
    return NamedLora(str(name), float(weight) if isinstance(weight, int | float) else 1.0)
