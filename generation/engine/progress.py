"""How far a picture is that takes several requests or tiles: each of them counts its own steps from 0."""

from __future__ import annotations

from dataclasses import dataclass

from generation.engine.batching.request import LatestStep
from generation.engine.outcome import Pixels, Step


@dataclass(slots=True)
class Progress:
    """`done` of `total` calls and tiles belong to requests that have ended; `previews` are wanted or not."""

    previews: bool = True
    total: int = 0
    done: int = 0

    def step(self, latest: LatestStep, preview: Pixels | None, recent_seconds: float) -> Step:
        """The request's step as one of the picture's, with its preview (H, W, 3); `recent_seconds` is what a call took
        lately."""
        index, later = self.done + latest.index, max(0, self.total - self.done - latest.total)
        if latest.index:
            each = latest.seconds_left / max(1, latest.total - latest.index) or recent_seconds
            return Step(index, self.total, preview, latest.seconds_left + later * each)
        return Step(index, self.total, preview, (latest.total + later) * recent_seconds)

    def tile_done(self) -> Step:
        self.done += 1
        return Step(self.done, self.total, None, 0.0)
