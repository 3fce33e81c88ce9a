"""The loss curve of a run, thin enough to be drawn and stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Point = tuple[int, float, float | None]
"""Step, training loss, validation loss where it was measured."""

MAX_POINTS = 400


class Curve:
    """Takes a point for every step. Where there are too many, neighbours become one; measured validation stays."""

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self._points = [(step, loss, validation) for step, loss, validation in points]
        self._every = 1

    @property
    def points(self) -> list[Point]:
        """By step, at most `MAX_POINTS` and those with a validation loss."""
        return list(self._points)

    def add(self, step: int, loss: float, validation: float | None) -> None:
        """A point after the last one. One before it says that the run goes on from there: what came later goes."""
        if self._points and self._points[-1][0] >= step:
            self._points = [point for point in self._points if point[0] < step]
        if validation is None and step % self._every:
            return
        self._points.append((step, loss, validation))
        while len(self._points) > MAX_POINTS and self._every < step:
            self._every *= 2
            self._points = [point for point in self._points if point[2] is not None or point[0] % self._every == 0]
