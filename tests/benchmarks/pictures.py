"""Pictures from pictures, by what they cost and how exact they are; and “My pictures”, the page that lists them.

`sqlite` and `postgresql` measure the page. Of the others, those of SD 1.5's true size (`beside`, `nudge`) and of large
pictures (`memory`, `tiles`) take minutes each; `python -m tests.benchmarks pictures --only SECTION` takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.benchmarks import _from_pictures, _my_pictures, _palette
from tests.benchmarks._editor import editor
from tests.benchmarks._enlarging import memory
from tests.benchmarks._inversion import inversion
from tests.benchmarks._requests import figures_of
from tests.benchmarks._selecting import selecting
from tests.benchmarks._vae_tiles import tiles
from tests.benchmarks._work import work_units

Figures = list[dict[str, Any]]


def run(only: str | None = None) -> Figures:
    """Every figure, or those of one of SECTIONS."""
    return figures_of(SECTIONS, only)


SECTIONS: Mapping[str, Callable[[], Figures]] = {
    "sqlite": _my_pictures.on_sqlite,
    "postgresql": _my_pictures.on_postgresql,
    "lone": _from_pictures.lone,
    "mixed": _from_pictures.mixed,
    "beside": _from_pictures.beside,
    "palette": _palette.colours,
    "nudge": _palette.nudge,
    "inversion": inversion,
    "selecting": selecting,
    "work": work_units,
    "tiles": tiles,
    "memory": memory,
    "editor": editor,
}
