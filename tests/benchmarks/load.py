"""The whole site under many people, at rest, while a web process is restarted, and from a clone until it is ready.

Everything is the true one, started as an operator starts it, on a fresh data folder. On a machine that others use too
the times say little; the ratios are what the goals bound where they can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.benchmarks import _load_clone, _load_idle, _load_people, _load_restart

PARTS = {
    "people": _load_people.people,
    "idle": _load_idle.idle,
    "restart": _load_restart.restart,
    "clone": _load_clone.clone,
}
SECTIONS = tuple(PARTS)


def run(only: str | None = None) -> list[dict[str, Any]]:
    """Every figure, or those of one of SECTIONS."""
    return list(measured(SECTIONS if only is None else (only,)))


def measured(sections: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in sections:
        yield from PARTS[name]()
