"""Chance without history: every draw has a generator of its own, seeded by what the draw is for.

So a resumed training draws what the undisturbed one would have drawn, and a measurement draws the same every time.
"""

from __future__ import annotations

import hashlib

import torch


def generator_for(*purpose: int | str) -> torch.Generator:
    """A generator on the CPU; equal purposes give equal draws on every machine."""
    digest = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big", signed=True))
