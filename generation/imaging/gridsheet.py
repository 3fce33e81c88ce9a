"""Draws many pictures as one: cells in rows with their labels, sheets below each other, a line of words at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PAPER, SUNKEN, INK, QUIET = "#faf7f2", "#f1ece4", "#211e1a", "#6b645a"
LONGEST_SIDE = 4096
GAP = 8
MARGIN = 24
TEXT = 15
LINE = 26
LABEL_WIDTH = 120

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A picture with its caption; without one, `gap` names why there is none."""

    picture: Image.Image | None
    caption: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class PlacedSheet:
    """Rows of cells. Rows that are shorter than the longest stand in its middle."""

    rows: Sequence[Sequence[PlacedCell]]
    columns: Sequence[str] = ()
    labels: Sequence[str] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class _Measures:
    """Sizes in pixels that all sheets share."""

    cell: tuple[int, int]
    caption: int
    left: int
    font: Font

    def row(self) -> int:
        return self.cell[1] + self.caption + GAP


def draw_grid(
    sheets: Sequence[PlacedSheet],
    foot: str = "",
    fallback: tuple[int, int] = (128, 128),
    typeface: Path | None = None,
) -> Image.Image:
    """One RGB picture of all sheets, at most 4,096 pixels a side: large cells are drawn smaller.

    `fallback` is a cell's size where no picture tells one. `typeface` is a font file; Pillow's own, which knows few
    letters, stands in where it cannot be read.
    """
    cells = [cell for sheet in sheets for row in sheet.rows for cell in row]
    sizes = [cell.picture.size for cell in cells if cell.picture] or [fallback]
    wide = max(len(row) for sheet in sheets for row in sheet.rows)
    high = sum(len(sheet.rows) for sheet in sheets)
    measures = _Measures(
        cell=_cell_size((max(w for w, _ in sizes), max(h for _, h in sizes)), wide, high),
        caption=LINE if any(cell.caption for cell in cells) else 0,
        left=LABEL_WIDTH if any(any(sheet.labels) for sheet in sheets) else 0,
        font=_font(typeface),
    )
    width = 2 * MARGIN + measures.left + wide * (measures.cell[0] + GAP) - GAP
    heights = [LINE * (bool(sheet.title) + bool(sheet.columns)) + len(sheet.rows) * measures.row() for sheet in sheets]
    height = 2 * MARGIN + sum(heights) + (LINE if foot else 0)
    picture = Image.new("RGB", (width, height), PAPER)
    top = MARGIN
    for sheet, tall in zip(sheets, heights, strict=True):
        _draw_sheet(picture, sheet, measures, top, wide)
        top += tall
    if foot:
        _write(picture, foot, (MARGIN, top), width - 2 * MARGIN, QUIET, measures.font)
    return picture


def _cell_size(largest: tuple[int, int], wide: int, high: int) -> tuple[int, int]:
    room = (LONGEST_SIDE - 2 * MARGIN - LABEL_WIDTH - wide * GAP) / wide, (LONGEST_SIDE - 4 * LINE) / high - LINE - GAP
    scale = min(1.0, room[0] / largest[0], room[1] / largest[1])
    return max(8, int(largest[0] * scale)), max(8, int(largest[1] * scale))


def _draw_sheet(picture: Image.Image, sheet: PlacedSheet, measures: _Measures, top: int, wide: int) -> None:
    left, step = MARGIN + measures.left, measures.cell[0] + GAP
    if sheet.title:
        _write(picture, sheet.title, (MARGIN, top), picture.width - 2 * MARGIN, INK, measures.font)
        top += LINE
    if sheet.columns:
        for place, words in enumerate(sheet.columns):
            _write(picture, words, (left + place * step, top), measures.cell[0], QUIET, measures.font)
        top += LINE
    for number, row in enumerate(sheet.rows):
        if number < len(sheet.labels):
            _write(picture, sheet.labels[number], (MARGIN, top), LABEL_WIDTH - GAP, QUIET, measures.font)
        indent = (wide - len(row)) * step // 2
        for place, cell in enumerate(row):
            _draw_cell(picture, cell, measures, left + indent + place * step, top)
        top += measures.row()


def _draw_cell(picture: Image.Image, cell: PlacedCell, measures: _Measures, left: int, top: int) -> None:
    width, height = measures.cell
    if cell.picture is None:
        ImageDraw.Draw(picture).rectangle((left, top, left + width - 1, top + height - 1), SUNKEN)
        _write(picture, cell.gap, (left + GAP, top + (height - LINE) // 2), width - 2 * GAP, QUIET, measures.font)
    else:
        small = cell.picture.convert("RGB")
        small.thumbnail((width, height), Image.Resampling.LANCZOS)
        picture.paste(small, (left + (width - small.width) // 2, top + (height - small.height) // 2))
    if cell.caption:
        _write(picture, cell.caption, (left, top + height + 2), width, QUIET, measures.font)


def _write(picture: Image.Image, words: str, place: tuple[int, int], width: int, colour: str, font: Font) -> None:
    """One line, cut with an ellipsis where it is too long. Arrows, which hardly any typeface has, become dashes."""
    draw = ImageDraw.Draw(picture)
    line = " ".join(words.replace("↔", "–").split())[:300]
    if draw.textlength(line, font) > width:
        while line and draw.textlength(f"{line}…", font) > width:
            line = line[:-1]
        line = f"{line.rstrip()}…" if line else ""
    draw.text((place[0], place[1] + 4), line, fill=colour, font=font)


def _font(typeface: Path | None) -> Font:
    try:
        return ImageFont.truetype(typeface, TEXT) if typeface else ImageFont.load_default(TEXT)
    except OSError:
        return ImageFont.load_default(TEXT)
