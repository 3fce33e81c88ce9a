"""A grid as its page shows it: rows of tiles with their labels. Plain values, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from generation.models import Job, LabGrid
from generation.recipes.grids.plan import Sheet
from generation.web.create.job_tiles import Tile, tiles_of


@dataclass(frozen=True, slots=True)
class GridCell:
    caption: str
    tile: Tile


@dataclass(frozen=True, slots=True)
class GridRow:
    """`indent` are half cells on either side: rows of a triangle stand in its middle."""

    label: str
    indent: range
    cells: Sequence[GridCell]


@dataclass(frozen=True, slots=True)
class GridSheet:
    title: str
    columns: Sequence[str]
    labelled: bool
    rows: Sequence[GridRow]


def sheets_of(user: User, grid: LabGrid) -> list[GridSheet]:
    """Every cell with the tile of its job."""
    jobs = list(grid.jobs.select_related("image"))
    tiles = dict(zip([job.position for job in jobs], tiles_of(jobs), strict=True))
    return [_sheet(sheet, tiles) for sheet in grid.plan.sheets()]


def _sheet(sheet: Sheet, tiles: dict[int, Tile]) -> GridSheet:
    wide = max(len(row) for row in sheet.rows)
    labels = sheet.labels or ("",) * len(sheet.rows)
    rows = [
        GridRow(
            label,
            range(wide - len(row)),
            [GridCell(cell.caption, tiles[cell.place]) for cell in row if cell.place in tiles],
        )
        for label, row in zip(labels, sheet.rows, strict=True)
    ]
    return GridSheet(sheet.title, sheet.columns, bool(sheet.labels), rows)


@dataclass(frozen=True, slots=True)
class GridProgress:
    """How far a grid is: cells that have ended, all cells, those that came to nothing, and what these cost still."""

    ended: int
    count: int
    gaps: int
    gaps_cost: int

    @property
    def going(self) -> bool:
        return self.ended < self.count


def progress_of(grid: LabGrid) -> GridProgress:
    cells = list(grid.jobs.values_list("state", "cancel_cost"))
    ended = [(state, cost) for state, cost in cells if state not in Job.UNFINISHED]
    costs_of_gaps = [cost for state, cost in ended if state != Job.State.DONE]
    return GridProgress(len(ended), len(cells), len(costs_of_gaps), sum(costs_of_gaps))
