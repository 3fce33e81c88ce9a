"""The import table of `generation/README.md`, read from its text: what each room may import."""

from __future__ import annotations

import re
from functools import cache

from tests.architecture.sources import PACKAGES, ROOT

README = ROOT / "generation" / "README.md"
ROW = re.compile(r"^\| (?P<left>.+?) \| (?P<right>.+?) \|(?: .*)?$", re.MULTILINE)
NAMES = re.compile(r"`([\w.]+)`")


@cache
def rows(heading: str) -> tuple[tuple[str, str], ...]:
    """The first two cells of each row of the first table under a heading."""
    text = README.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [(row["left"], row["right"]) for row in ROW.finditer(text)]
    return tuple(cells[2:])


@cache
def tiers() -> dict[str, tuple[str, ...]]:
    """Tier's number -> its rooms, dotted."""
    return {left: tuple(map(whole, NAMES.findall(right))) for left, right in rows("Six tiers")}


@cache
def may_import() -> dict[str, tuple[str, ...]]:
    """Room -> the rooms that it may import beside itself, all dotted."""
    return {
        whole(room): tuple(allowed(right))
        for left, right in rows("Who may import whom")
        for room in NAMES.findall(left)
    }


def allowed(cell: str) -> list[str]:
    if cell.startswith("everything"):
        return list(PACKAGES)
    of_tiers = [room for number in re.findall(r"tier (\d)", cell) for room in tiers()[number]]
    return of_tiers + [whole(name) for name in NAMES.findall(cell)]


def whole(name: str) -> str:
    return name if name.split(".")[0] in PACKAGES else f"generation.{name}"


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def room_of(module: str) -> str:
    """The row that a module belongs to; empty when the table has none."""
    return next((room for room in may_import() if within(module, (room,))), "")
