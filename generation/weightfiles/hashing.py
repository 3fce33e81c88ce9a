"""The hashes by which weights are pinned, and the stamp that tells whether they were touched since."""

from __future__ import annotations

import hashlib
from pathlib import Path

from generation.weightfiles.folders import folder_files
from generation.weightfiles.safetensors_header import Header


def hash_weights(path: Path) -> str:
    """The SHA-256 by which a file or folder is pinned; reads every byte of it."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    lines = (f"{name}\0{hash_weights(file)}\n" for name, file in folder_files(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def lora_hash(path: Path, header: Header) -> str:
    """A1111's hash of a LoRA: of the bytes after the header, so that a changed title leaves it."""
    with path.open("rb") as file:
        file.seek(header.data_start)
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def stamp_of(path: Path) -> str:
    """Size in bytes and newest time of change: while it stays, a file or folder need not be read again."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    stats = [file.stat() for file in files]
    return f"{sum(s.st_size for s in stats)}-{max((s.st_mtime_ns for s in stats), default=0)}"
