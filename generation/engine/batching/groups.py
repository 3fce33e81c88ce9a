"""Who shares the next UNet call: the batch key, the groups, and which group is next. It runs nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from generation.engine.batching.request import RenderRequest
from generation.engine.batching.row_budget import RowBudget

QUANTUM_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What two requests must share to share a UNet call; never prompt, seed, steps, CFG scale, sampler or LoRA."""

    checkpoint: str
    dtype: str
    latent_size: tuple[int, int]
    tokens: int

    @classmethod
    def of(cls, request: RenderRequest) -> BatchKey:
        denoising = request.denoising
        height, width = denoising.latents.shape[-2:]
        checkpoint = denoising.checkpoint
        return cls(checkpoint.sha256, str(checkpoint.dtype), (height, width), denoising.conditioning.tokens)


@dataclass
class Group:
    """The requests of one batch key: those in the batch, those that wait, and the group's credit in device seconds."""

    key: BatchKey
    budget: RowBudget
    running: list[RenderRequest] = field(default_factory=list)
    waiting: deque[RenderRequest] = field(default_factory=deque)
    credit: float = 0.0

    @property
    def rows(self) -> int:
        return sum(request.rows for request in self.running)

    def admit(self) -> list[RenderRequest]:
        """Move waiting requests into the batch, oldest first, while rows fit; one always fits. Returns the new ones.

        Before that, those beyond what memory holds are parked: they wait at the front with their latents.
        """
        while len(self.running) > 1 and self.rows > self.budget.memory_rows:
            self.waiting.appendleft(self.running.pop())
        before = len(self.running)
        while self.waiting and (not self.running or self.rows + self.waiting[0].rows <= self.budget.rows):
            self.running.append(self.waiting.popleft())
        return self.running[before:]

    def remove_ended(self) -> None:
        self.running = [request for request in self.running if not request.ended]
        self.waiting = deque(request for request in self.waiting if not request.ended)


class RoundRobin:
    """Deficit round robin over groups (Shreedhar and Varghese 1995), paid in seconds of device time.

    A group whose calls are dear thus gets as much of the device as one whose calls are cheap. Changing groups costs
    nothing: the requests of the others are parked with their latents.
    """

    def __init__(self) -> None:
        self._ring: deque[Group] = deque()
        self._budgets: dict[tuple[str, tuple[int, int]], RowBudget] = {}

    @property
    def requests(self) -> list[RenderRequest]:
        return [request for group in self._ring for request in (*group.running, *group.waiting)]

    def join(self, request: RenderRequest) -> None:
        key = BatchKey.of(request)
        group = next((group for group in self._ring if group.key == key), None)
        if group is None:
            group = Group(key, self._budgets.setdefault((key.checkpoint, key.latent_size), RowBudget()))
            self._ring.append(group)
        group.waiting.append(request)

    def remove_ended(self) -> None:
        for group in self._ring:
            group.remove_ended()
        self._ring = deque(group for group in self._ring if group.running or group.waiting)

    def next(self) -> Group | None:
        """The group whose turn it is; None when nobody is here. Alone, a group runs up no debt."""
        if not self._ring:
            return None
        if len(self._ring) == 1:
            self._ring[0].credit = 0.0
            return self._ring[0]
        while self._ring[0].credit <= 0:
            self._ring.rotate(-1)
            self._ring[0].credit += QUANTUM_SECONDS
        return self._ring[0]
