"""The curve stays thin, keeps what was measured, and goes back where a run goes back."""

from __future__ import annotations

from generation.models.training import CurvePoint
from generation.training.runs.curve import MAX_POINTS, LossCurve


def test_a_long_run_fits() -> None:
    curve = LossCurve()
    for step in range(20_001):
        curve.add(step, 0.5, 0.7 if step % 50 == 0 else None)
    steps = [point[0] for point in curve.points]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 20_000
    assert len(steps) <= MAX_POINTS + 20_000 // 50


def test_every_step_of_a_short_one_is_there() -> None:
    curve = LossCurve()
    for step in range(100):
        curve.add(step, float(step), None)
    assert curve.points == [(step, float(step), None) for step in range(100)]


def test_going_back_drops_what_came_later() -> None:
    curve = LossCurve([CurvePoint(0, 1.0, 0.9), CurvePoint(10, 0.9, None), CurvePoint(20, 0.8, 0.7)])
    curve.add(11, 0.5, None)
    assert curve.points == [(0, 1.0, 0.9), (10, 0.9, None), (11, 0.5, None)]
