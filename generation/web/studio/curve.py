"""The learning curve as paths for an SVG, with its scales. Pure arithmetic: the template draws, the theme colours.

The box is 1,000 by 400 and is stretched to whatever room there is, so nothing in it may be text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 400
ROWS = 4
ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
SPIKES_CUT = 0.97
"""The share of training losses that the scale must hold: a few spikes must not press all else to the ground."""

Point = tuple[int, float, float | None]
Scale = tuple[float, float]
"""The loss at the lowest line, and the distance of two lines."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Paths in the box, the numbers beside its lines (top to bottom) and below it (left to right), and the points."""

    training: str
    validation: str
    validation_dots: str
    best: str
    best_x: float | None
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    steps: int
    scale: Scale

    @property
    def is_empty(self) -> bool:
        return not self.points

    @property
    def row_lines(self) -> list[float]:
        return [HEIGHT * row / ROWS for row in range(ROWS + 1)]

    @property
    def as_json(self) -> str:
        """Step, training loss and validation loss of every point, for the script that reads them off under a finger."""
        return json.dumps([list(point) for point in self.points])

    @property
    def measured(self) -> list[Point]:
        return [point for point in self.points if point[2] is not None]


def curve_to_draw(
    points: Sequence[Point], steps: int, best_step: int | None = None, scale: Scale | None = None
) -> Curve:
    """`steps` is the whole width, however far the training has come. A `scale` given is kept, for curves together."""
    known = [point for point in points if math.isfinite(point[1])]
    low, unit = scale or _scale(known)

    def place(step: int, loss: float) -> tuple[float, float]:
        share = (loss - low) / (unit * ROWS)
        return round(WIDTH * step / max(1, steps), 1), round(HEIGHT * (1 - min(1.0, max(0.0, share))), 1)

    validation = [place(step, loss) for step, _, loss in known if loss is not None]
    best = next((place(step, loss) for step, _, loss in known if loss is not None and step == best_step), None)
    return Curve(
        training=_line(place(step, loss) for step, loss, _ in known),
        validation=_line(validation),
        validation_dots=_dots(validation),
        best=_dots([best] if best else []),
        best_x=best[0] if best else None,
        rows=tuple(_number(low + unit * row, unit) for row in range(ROWS, -1, -1)),
        columns=tuple(f"{step:,}" for step in _columns(steps)),
        points=tuple(known),
        steps=steps,
        scale=(low, unit),
    )


def _scale(points: Sequence[Point]) -> Scale:
    """The lowest line and the distance of lines: round numbers that hold all validation and nearly all training."""
    training = sorted(loss for _, loss, _ in points)
    seen = training[: max(1, math.ceil(len(training) * SPIKES_CUT))] + [v for _, _, v in points if v is not None]
    if not seen:
        return 0.0, 0.25
    lowest, highest = min(seen), max(seen)
    rough = max(highest - lowest, abs(highest) * 0.02, 1e-6) / ROWS
    size = 10 ** math.floor(math.log10(rough))
    units = (factor * size * power for power in (1, 10) for factor in ROUND_STEPS)
    unit = next(unit for unit in units if math.floor(lowest / unit) * unit + ROWS * unit >= highest * (1 - 1e-9))
    return math.floor(lowest / unit) * unit, unit


def _columns(steps: int) -> list[int]:
    count = next((count for count in (5, 4, 3, 2) if steps % count == 0 and steps >= count), 1)
    return [steps * column // count for column in range(count + 1)]


def _line(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if number else 'M'}{x:g} {y:g}" for number, (x, y) in enumerate(places))


def _dots(places: Iterable[tuple[float, float]]) -> str:
    """Lines without length: with round ends and a stroke that does not stretch they are dots, whatever the box does."""
    return " ".join(f"M{x:g} {y:g}h0" for x, y in places)


def _number(value: float, unit: float) -> str:
    return f"{value:.{max(0, 1 - math.floor(math.log10(unit)))}f}" if unit < 1 else f"{value:g}"
