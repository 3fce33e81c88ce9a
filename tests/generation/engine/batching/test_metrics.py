"""What the worker can read about its engine: calls, rows, seconds, waits and ends."""

from __future__ import annotations

from contextlib import closing

import pytest

from generation.engine.batching.metrics import RECENT, EngineMetrics
from generation.engine.renderer import Renderer
from tests.renders import allow_numpy_copies, draw, every_weight, recipe

pytestmark = allow_numpy_copies


def test_a_renderer_counts_what_it_did() -> None:
    renderer = Renderer(every_weight(), device="cpu", threads=1)
    assert (renderer.metrics.snapshot().rows, renderer.metrics.snapshot().calls) == (0, 0)
    draw(renderer, recipe(steps=3))
    draw(renderer, recipe(steps=2, cfg_scale=1))
    with closing(renderer.render(recipe(steps=60))) as events:
        next(events)
    renderer.close()
    seen = renderer.metrics.snapshot()
    assert seen.ended == {"finished": 2, "cancelled": 1}
    assert seen.rows_by_call[1] == 2 and seen.rows_by_call[2] >= 4
    assert seen.calls == sum(seen.rows_by_call.values())
    assert seen.rows == sum(rows * calls for rows, calls in seen.rows_by_call.items())
    assert seen.queue_waits == 3 and 0 <= seen.queue_wait_seconds_recent <= seen.queue_wait_seconds_total
    assert 0 < seen.step_seconds_recent < seen.step_seconds_total


def test_recent_figures_forget_the_past() -> None:
    metrics = EngineMetrics()
    for seconds in [9.0] * 50 + [1.0] * RECENT:
        metrics.stepped(4, seconds)
    seen = metrics.snapshot()
    assert metrics.recent_step_seconds() == seen.step_seconds_recent == 1.0
    assert seen.step_seconds_total == pytest.approx(450 + RECENT)
    assert seen.rows == 4 * seen.calls > 0
