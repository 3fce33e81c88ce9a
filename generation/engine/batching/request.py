"""Where the engine thread leaves a request's latest step and its end, and where the request's caller waits for them.

Only the latest step is kept: a slow caller misses previews, it never makes them queue up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from generation.engine.denoising import DenoisedPrediction, Denoising
from generation.engine.failures import engine_stopped


@dataclass(frozen=True, slots=True)
class LatestStep:
    """One request's state after UNet call `index` of `total` (0: still waiting for a place in the batch)."""

    index: int
    total: int
    denoised: DenoisedPrediction | None
    seconds_left: float


class RenderRequest:
    """One request in the engine's hands: its denoising, its deadline (`time.monotonic`), and its mailbox."""

    def __init__(self, denoising: Denoising, deadline: float) -> None:
        self.denoising = denoising
        self.rows = denoising.row_count
        self.deadline = deadline
        self.joined_at = time.monotonic()
        self.admitted_at: float | None = None
        self.left = False
        self._changed = threading.Condition()
        self._latest: LatestStep | None = None
        self._latents: Tensor | None = None
        self._error: Exception | None = None

    @property
    def ended(self) -> bool:
        return self._latents is not None or self._error is not None

    def publish(self) -> None:
        """Leave the denoising's present state for the caller, replacing what it has not fetched."""
        denoising = self.denoising
        spent = time.monotonic() - (self.admitted_at or self.joined_at)
        left = spent / denoising.call * (denoising.total - denoising.call)
        with self._changed:
            self._latest = LatestStep(denoising.call, denoising.total, denoising.denoised, left)
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._latents = self.denoising.latents
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def wait_for_end(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.ended)

    def steps(self, heartbeat: float) -> Iterator[LatestStep]:
        """The latest step as soon as there is one, and every `heartbeat` seconds without one a sign of waiting."""
        last = LatestStep(0, self.denoising.total, None, 0.0)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._latest is not None or self.ended, heartbeat)
                latest, self._latest = self._latest, None
                if latest is None and self.ended:
                    return
            last = latest or LatestStep(last.index, last.total, None, last.seconds_left)
            yield last

    def latents(self) -> Tensor:
        """The finished latents (1, C, h, w), after `steps` has ended; raises the request's RenderError."""
        if self._error is not None:
            raise self._error
        if self._latents is None:
            raise engine_stopped()
        return self._latents
