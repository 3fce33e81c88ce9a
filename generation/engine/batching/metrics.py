"""What the engine thread did: counters that a worker may read at any time from any thread."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

RECENT = 256


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """Totals since start, and medians over the last 256 UNet calls; seconds are wall seconds."""

    calls: int
    rows: int
    step_seconds_total: float
    step_seconds_recent: float
    rows_by_call: dict[int, int]
    queue_waits: int
    queue_wait_seconds_total: float
    queue_wait_seconds_recent: float
    ended: dict[str, int] = field(default_factory=dict)


class EngineMetrics:
    """Written by the engine thread, read by others; one lock, no history beyond the recent calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows_by_call: Counter[int] = Counter()
        self._step_seconds = 0.0
        self._recent_steps: deque[float] = deque(maxlen=RECENT)
        self._wait_seconds = 0.0
        self._waits = 0
        self._recent_waits: deque[float] = deque(maxlen=RECENT)
        self._ended: Counter[str] = Counter()

    def stepped(self, rows: int, seconds: float) -> None:
        with self._lock:
            self._rows_by_call[rows] += 1
            self._step_seconds += seconds
            self._recent_steps.append(seconds)

    def admitted(self, waited: float) -> None:
        with self._lock:
            self._waits += 1
            self._wait_seconds += waited
            self._recent_waits.append(waited)

    def ended(self, how: str) -> None:
        """`how` is finished, cancelled, or a RenderError's code."""
        with self._lock:
            self._ended[how] += 1

    def recent_step_seconds(self) -> float:
        """The median wall seconds of recent UNet calls; 0 before the first."""
        with self._lock:
            return _median(self._recent_steps)

    def snapshot(self) -> MetricsSnapshot:
        with self._lock:
            return MetricsSnapshot(
                calls=sum(self._rows_by_call.values()),
                rows=sum(rows * calls for rows, calls in self._rows_by_call.items()),
                step_seconds_total=self._step_seconds,
                step_seconds_recent=_median(self._recent_steps),
                rows_by_call=dict(self._rows_by_call),
                queue_waits=self._waits,
                queue_wait_seconds_total=self._wait_seconds,
                queue_wait_seconds_recent=_median(self._recent_waits),
                ended=dict(self._ended),
            )


def _median(values: deque[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
