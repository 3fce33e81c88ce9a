"""Choices in a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def expand(text: str, seed: int, wildcards: Mapping[str, Sequence[str]]) -> str:
    return text
