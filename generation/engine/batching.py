"""Who shares the next UNet call: the batch key, the measured row budget, and turns between keys. It runs nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from generation.engine.ticket import Ticket

FEWEST_ROWS = 2
MOST_ROWS = 32
WORTHWHILE_GAIN = 1.10
MEASURED_CALLS = 3
QUANTUM_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What two requests must share to share a UNet call; never prompt, seed, steps, CFG scale, sampler or LoRA."""

    checkpoint: str
    dtype: str
    latent_size: tuple[int, int]
    tokens: int

    @classmethod
    def of(cls, ticket: Ticket) -> BatchKey:
        denoising = ticket.denoising
        height, width = denoising.latents.shape[-2:]
        checkpoint = denoising.checkpoint
        return cls(checkpoint.sha256, str(checkpoint.dtype), (height, width), denoising.conditioning.tokens)


class RowBudget:
    """How many rows one call of a (checkpoint, latent size) should hold, learned from the calls themselves.

    It starts at two rows and doubles while a doubling brings at least 10 % more rows a second; measuring real calls
    costs nothing, whereas probing an 860 M UNet at start would stall its first user for a minute on a CPU.
    """

    def __init__(self) -> None:
        self._ceiling = MOST_ROWS
        self._calls: dict[int, int] = {}
        self._seconds_per_row: dict[int, float] = {}

    @property
    def rows(self) -> int:
        level = FEWEST_ROWS
        while level < self._ceiling and self._measured(level) and self._doubling_pays(level):
            level *= 2
        return min(level, self._ceiling)

    def measured(self, rows: int, seconds: float) -> None:
        """Take one call's wall seconds. The best of a level counts: noise only ever makes a call slower."""
        if rows < FEWEST_ROWS:
            return
        level = 1 << (rows - 1).bit_length()
        self._calls[level] = self._calls.get(level, 0) + 1
        self._seconds_per_row[level] = min(seconds / rows, self._seconds_per_row.get(level, seconds / rows))

    def halve(self, rows: int) -> None:
        """Memory ran out with `rows` rows: never try as many again."""
        self._ceiling = max(1, min(self._ceiling, rows // 2))

    def _measured(self, level: int) -> bool:
        return self._calls.get(level, 0) >= MEASURED_CALLS

    def _doubling_pays(self, level: int) -> bool:
        doubled = 2 * level
        return not self._measured(doubled) or (
            self._seconds_per_row[level] >= WORTHWHILE_GAIN * self._seconds_per_row[doubled]
        )


@dataclass
class Group:
    """The requests of one batch key: those in the batch, those that wait, and the group's credit of seconds."""

    key: BatchKey
    budget: RowBudget
    running: list[Ticket] = field(default_factory=list)
    waiting: deque[Ticket] = field(default_factory=deque)
    deficit: float = 0.0

    def admit(self) -> list[Ticket]:
        """Move waiting requests into the batch, oldest first, while rows fit; one always fits. Returns the new."""
        admitted: list[Ticket] = []
        rows = sum(ticket.rows for ticket in self.running)
        while self.waiting and (not self.running or rows + self.waiting[0].rows <= self.budget.rows):
            rows += self.waiting[0].rows
            admitted.append(self.waiting.popleft())
            self.running.append(admitted[-1])
        return admitted

    def remove(self, gone: Iterable[Ticket]) -> None:
        leaving = set(map(id, gone))
        self.running = [ticket for ticket in self.running if id(ticket) not in leaving]
        self.waiting = deque(ticket for ticket in self.waiting if id(ticket) not in leaving)


class Turns:
    """Deficit round robin over groups (Shreedhar and Varghese 1995), paid in seconds of device time.

    A group whose calls are dear thus gets as much of the device as one whose calls are cheap. Changing groups costs
    nothing: requests in between are parked with their latents.
    """

    def __init__(self) -> None:
        self._ring: deque[Group] = deque()
        self._budgets: dict[tuple[str, tuple[int, int]], RowBudget] = {}

    @property
    def tickets(self) -> list[Ticket]:
        return [ticket for group in self._ring for ticket in (*group.running, *group.waiting)]

    def join(self, ticket: Ticket) -> None:
        key = BatchKey.of(ticket)
        group = next((group for group in self._ring if group.key == key), None)
        if group is None:
            budget = self._budgets.setdefault((key.checkpoint, key.latent_size), RowBudget())
            group = Group(key, budget)
            self._ring.append(group)
        group.waiting.append(ticket)

    def remove(self, gone: Iterable[Ticket]) -> None:
        leaving = list(gone)
        for group in self._ring:
            group.remove(leaving)
        self._ring = deque(group for group in self._ring if group.running or group.waiting)

    def next(self) -> Group | None:
        """The group whose turn it is; None when nobody is here."""
        if len(self._ring) == 1:
            self._ring[0].deficit = 0.0
        while self._ring and len(self._ring) > 1 and self._ring[0].deficit <= 0:
            self._ring.rotate(-1)
            self._ring[0].deficit += QUANTUM_SECONDS
        return self._ring[0] if self._ring else None
