"""The loss curve of a run while it grows: thinned, so that it can be stored and drawn."""

from __future__ import annotations

from collections.abc import Iterable

from generation.models.training import CurvePoint

MAX_POINTS = 400


class LossCurve:
    """Takes a point for every step. Of too many only some stay, among them all with a validation loss."""

    def __init__(self, points: Iterable[CurvePoint] = ()) -> None:
        self._points = list(points)
        self._every = 1

    @property
    def points(self) -> list[CurvePoint]:
        """By step, at most `MAX_POINTS` and those with a validation loss."""
        return list(self._points)

    def add(self, step: int, loss: float, validation: float | None) -> None:
        """Append a point. Where it lies before the last one, the run was taken up again there: later points go."""
        if self._points and self._points[-1].step >= step:
            self._points = [point for point in self._points if point.step < step]
        if validation is None and step % self._every:
            return
        self._points.append(CurvePoint(step, loss, validation))
        while len(self._points) > MAX_POINTS and self._every < step:
            self._every *= 2
            self._points = [
                point for point in self._points if point.validation_loss is not None or point.step % self._every == 0
            ]
