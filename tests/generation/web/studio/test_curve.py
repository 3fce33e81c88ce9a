"""The curve's arithmetic: round scales that hold what counts, lines inside the box, the best point on its line."""

from __future__ import annotations

import math

import pytest

from generation.web.studio.curve import HEIGHT, ROWS, WIDTH, Curve, Point, curve_to_draw
from generation.web.studio.run_page import duration


def places(path: str) -> list[tuple[float, float]]:
    words = path.replace("M", "").replace("L", "").replace("h0", "").split()
    numbers = [float(word) for word in words]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def drawn(points: list[Point], steps: int = 100, best: int | None = None) -> Curve:
    return curve_to_draw(points, steps, best)


def test_it_works() -> None:
    curve = drawn([(0, 1.0, 0.9), (50, 0.5, None), (100, 0.2, 0.6)], best=100)
    assert curve.rows == ("1.00", "0.80", "0.60", "0.40", "0.20")
    assert curve.columns == ("0", "20", "40", "60", "80", "100")
    assert places(curve.training) == [(0, 0), (500, 250), (1000, 400)]
    assert places(curve.validation) == [(0, 50), (1000, 200)]
    assert places(curve.best) == [(1000, 200)]


@pytest.mark.parametrize("scale", [1e-4, 0.03, 1.0, 70.0, 4e6])
@pytest.mark.parametrize("offset", [0.0, 0.1, 5.0])
def test_scales_hold_the_points(scale: float, offset: float) -> None:
    losses = [scale * (offset + math.exp(-n / 20)) for n in range(101)]
    curve = drawn([(n, loss, loss) for n, loss in enumerate(losses)])
    ys = [y for _, y in places(curve.validation)]
    assert max(ys) - min(ys) > HEIGHT / 5, "the curve uses its room"
    low, unit = curve.scale
    assert low <= min(losses) and max(losses) <= (low + ROWS * unit) * (1 + 1e-6)
    assert len(set(curve.rows)) == ROWS + 1


def test_one_spike_does_not_press_the_rest_to_the_ground() -> None:
    curve = drawn([(n, 50.0 if n == 3 else 0.5, None) for n in range(100)])
    assert float(curve.rows[0]) < 2
    assert all(0 <= y <= HEIGHT for _, y in places(curve.training))


@pytest.mark.parametrize("points", [[], [(0, 0.5, 0.5)], [(0, 0.0, None)], [(0, math.nan, None), (1, 0.4, 0.3)]])
def test_few_points_are_drawn_too(points: list[Point]) -> None:
    curve = drawn(points)
    assert len(curve.rows) == ROWS + 1
    assert curve.is_empty == (not points)
    assert all(0 <= x <= WIDTH for x, _ in places(curve.training))


@pytest.mark.parametrize(("steps", "columns"), [(2500, 5), (7, 1), (400, 5), (1, 1), (9, 3), (8, 4)])
def test_columns_are_whole_steps(steps: int, columns: int) -> None:
    assert len(curve_to_draw([], steps).columns) == columns + 1


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (75, "75 s"), (120, "2 min"), (5399, "90 min"), (9000, "2 h 30 min")]
)
def test_durations_are_said(seconds: float, said: str) -> None:
    assert duration(seconds) == said
