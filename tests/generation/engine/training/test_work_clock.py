"""How long a training still takes is told by what its kinds of work took, and not told before anything is known."""

from __future__ import annotations

import pytest

from generation.engine.training.work_clock import WorkClock

LEARN, VALIDATE, MEASURE = 0.5, 4.0, 30.0


class Watch:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time

    def spend(self, seconds: float) -> None:
        self.time += seconds


@pytest.mark.parametrize(("steps", "every"), [(500, 100), (500, 70), (500, 500), (40, 100)])
def test_the_first_estimate_is_within_a_tenth(steps: int, every: int) -> None:
    watch = Watch()
    clock = WorkClock(steps, every, watch)
    clock.timed("validate", lambda: watch.spend(VALIDATE))
    clock.timed("measure", lambda: watch.spend(MEASURE))
    clock.timed("learn", lambda: watch.spend(25.0))  # the device is being prepared
    assert clock.seconds_left(1) is None
    clock.timed("learn", lambda: watch.spend(LEARN))
    told = clock.seconds_left(2)
    began = watch.time
    for step in range(3, steps + 1):
        clock.timed("learn", lambda: watch.spend(LEARN))
        due = step % every == 0 or step == steps
        if due or step % 50 == 0:
            clock.timed("validate", lambda: watch.spend(VALIDATE))
        if due:
            clock.timed("measure", lambda: watch.spend(MEASURE))
    assert told == pytest.approx(watch.time - began, rel=0.1)
    assert clock.seconds_left(steps) == 0.0


def test_what_a_later_process_cannot_know_yet_is_left_out() -> None:
    watch = Watch()
    clock = WorkClock(500, 100, watch)
    for _ in range(2):
        clock.timed("learn", lambda: watch.spend(LEARN))
    assert clock.seconds_left(400) == 50.0
