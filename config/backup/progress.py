"""How far a long copying is: a bar on the operator's terminal, nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from tqdm import tqdm

Add = Callable[[int], object]
"""Told of each piece how many bytes it had."""
Bar = Callable[[str, int], AbstractContextManager[Add]]
"""Of what is copied and how many bytes that will be."""

PIECE_BYTES = 1024**2


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@contextmanager
def on_terminal(what: str, total: int) -> Iterator[Add]:
    """On standard error, and only where that is a terminal."""
    with tqdm(total=total, desc=what, unit="B", unit_scale=True, unit_divisor=1024, disable=None) as bar:
        yield bar.update


@contextmanager
def silent(what: str, total: int) -> Iterator[Add]:
    yield lambda count: None
