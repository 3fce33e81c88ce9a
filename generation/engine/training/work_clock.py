"""How long the rest of a training will take, by what each kind of its work has taken in this process so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from generation.recipes.training import VALIDATE_EVERY

T = TypeVar("T")
Work = Literal["learn", "validate", "measure"]


class WorkClock:
    """Times steps, validations and measurements apart: the latter take as long as many steps, and come now and then."""

    def __init__(self, steps: int, sample_every: int, now: Callable[[], float] = time.monotonic) -> None:
        self._steps, self._sample_every, self._now = steps, sample_every, now
        self._seconds: dict[Work, list[float]] = {"learn": [], "validate": [], "measure": []}

    def timed(self, work: Work, do: Callable[[], T]) -> T:
        began = self._now()
        done = do()
        self._seconds[work].append(self._now() - began)
        return done

    def seconds_left(self, step: int) -> float | None:
        """None until a second step was learned: the first also prepares the device, and may take as long as fifty."""
        if len(self._seconds["learn"]) < 2:
            return 0.0 if step >= self._steps else None
        measures = self._due(self._sample_every, step)
        validations = self._due(VALIDATE_EVERY, step) + measures
        validations -= self._due(math.lcm(VALIDATE_EVERY, self._sample_every), step)
        if step < self._steps and self._steps % self._sample_every:
            measures += 1
            validations += self._steps % VALIDATE_EVERY != 0
        learning = self._seconds["learn"][1:]
        left = (self._steps - step) * sum(learning) / len(learning)
        return left + measures * self._usual("measure") + validations * self._usual("validate")

    def _due(self, every: int, step: int) -> int:
        """How many multiples of `every` lie after the step, the last step counted."""
        return self._steps // every - step // every

    def _usual(self, work: Work) -> float:
        seconds = self._seconds[work]
        return sum(seconds) / len(seconds) if seconds else 0.0
