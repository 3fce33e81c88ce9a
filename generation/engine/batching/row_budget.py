"""How many rows one UNet call should hold: learned from the calls themselves, for each checkpoint and latent size."""

from __future__ import annotations

from collections import defaultdict, deque
from statistics import median

FEWEST_ROWS = 2
MOST_ROWS = 32
GUIDED_ROWS = 2
"""Of a picture with guidance: its latent under the prompt, and under the negative prompt."""
WORTHWHILE_GAIN = 1.10
MEASURED_CALLS = 4
CALLS_BETWEEN_CHECKS = 32
CALLS_BEFORE_MORE_MEMORY = 4096


def pictures_in_hand(device: str) -> int:
    """How many pictures a worker on `device` ("cuda", "cpu") holds at once, where its operator says nothing.

    On a GPU as many as fill the largest batch, if all have guidance: with fewer the budget could not be used. On a
    processor, where a row more costs nearly a row's time, half as many: they only share it.
    """
    fill_the_budget = MOST_ROWS // GUIDED_ROWS
    return fill_the_budget if device == "cuda" else fill_the_budget // 2


class RowBudget:
    """Starts at two rows and doubles while a doubling brings at least 10 % more rows a second.

    Past that point a larger batch only delays everyone in it. Real calls are measured, not probes: probing an 860 M
    UNet with up to 32 rows would stall its first user for minutes on a CPU, whereas four real calls a level cost none.
    What did not pay is tried again now and then: a neighbour on the machine may have spoilt the measurement. So is what
    did not fit into memory, but seldom: where it is still too much, that costs a call.
    """

    def __init__(self) -> None:
        self.memory_rows = MOST_ROWS
        self._seconds_per_row: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=MEASURED_CALLS))
        self._unchecked_calls = 0
        self._calls_that_fitted = 0

    @property
    def rows(self) -> int:
        """What a batch may grow to. A single request is let in even when it needs more."""
        level = FEWEST_ROWS
        while level < self.memory_rows and self._known(level) and not self._saturated(level):
            level *= 2
        return min(level, self.memory_rows)

    def measured(self, rows: int, seconds: float) -> None:
        """Take one call's device seconds."""
        self._fitted()
        if rows < FEWEST_ROWS:
            return
        self._seconds_per_row[1 << (rows - 1).bit_length()].append(seconds / rows)
        self._unchecked_calls += 1
        if self._unchecked_calls >= CALLS_BETWEEN_CHECKS and self._saturated(self.rows):
            self._seconds_per_row[2 * self.rows].clear()
            self._unchecked_calls = 0

    def out_of_memory(self, rows: int) -> None:
        """A call with `rows` rows did not fit: from now on at most half as many, whoever is running."""
        self.memory_rows = max(1, min(self.memory_rows, rows // 2))
        self._calls_that_fitted = 0

    def _fitted(self) -> None:
        """Memory may have been full for a while only: after some thousand calls twice as many rows are tried again."""
        self._calls_that_fitted += 1
        if self._calls_that_fitted >= CALLS_BEFORE_MORE_MEMORY:
            self.memory_rows = min(MOST_ROWS, 2 * self.memory_rows)
            self._calls_that_fitted = 0

    def _known(self, level: int) -> bool:
        return len(self._seconds_per_row[level]) == MEASURED_CALLS

    def _saturated(self, level: int) -> bool:
        """Twice as many rows are known to bring too little."""
        if not (self._known(level) and self._known(2 * level)):
            return False
        return median(self._seconds_per_row[level]) < WORTHWHILE_GAIN * median(self._seconds_per_row[2 * level])
