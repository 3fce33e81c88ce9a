"""How many rows one UNet call should hold: learned from the calls themselves, for each checkpoint and latent size."""

from __future__ import annotations

FEWEST_ROWS = 2
MOST_ROWS = 32
WORTHWHILE_GAIN = 1.10
MEASURED_CALLS = 3


class RowBudget:
    """Starts at two rows and doubles while a doubling brings at least 10 % more rows a second.

    Past that point a larger batch only delays everyone in it. Real calls are measured, not probes: probing an 860 M
    UNet with up to 32 rows would stall its first user for minutes on a CPU, whereas three real calls a level cost none.
    """

    def __init__(self) -> None:
        self.memory_rows = MOST_ROWS
        self._calls: dict[int, int] = {}
        self._seconds_per_row: dict[int, float] = {}

    @property
    def rows(self) -> int:
        """What a batch may grow to. A single request is let in even when it needs more."""
        level = FEWEST_ROWS
        while level < self.memory_rows and self._known(level) and self._doubling_pays(level):
            level *= 2
        return min(level, self.memory_rows)

    def measured(self, rows: int, seconds: float) -> None:
        """Take one call's device seconds. The best of a level counts: noise only ever makes a call slower."""
        if rows < FEWEST_ROWS:
            return
        level = 1 << (rows - 1).bit_length()
        self._calls[level] = self._calls.get(level, 0) + 1
        self._seconds_per_row[level] = min(seconds / rows, self._seconds_per_row.get(level, seconds / rows))

    def out_of_memory(self, rows: int) -> None:
        """A call with `rows` rows did not fit: from now on at most half as many, whoever is running."""
        self.memory_rows = max(1, min(self.memory_rows, rows // 2))

    def _known(self, level: int) -> bool:
        return self._calls.get(level, 0) >= MEASURED_CALLS

    def _doubling_pays(self, level: int) -> bool:
        """Unknown yet, or known to bring enough."""
        doubled = 2 * level
        gain = self._seconds_per_row[level] / self._seconds_per_row.get(doubled, float("inf"))
        return not self._known(doubled) or gain >= WORTHWHILE_GAIN
