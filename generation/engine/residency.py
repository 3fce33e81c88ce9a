"""Which LoRAs lie ready on which UNet: added on the caller's thread before its request joins, kept warm afterwards.

Dropping a LoRA makes the next mixed call stack the others anew, so it happens only when the budget asks for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from generation.engine.loading import LoadedCheckpoint
from generation.engine.loras import LoraCache, MixedLoras
from generation.recipe import LoraPick


@dataclass(slots=True)
class _Resident:
    loras: MixedLoras
    size_bytes: int
    leases: int = 0


class ResidentLoras:
    """LoRAs on UNets by use; those that no request holds leave, least recently used first, beyond `budget_bytes`."""

    def __init__(self, cache: LoraCache, budget_bytes: int) -> None:
        self._cache = cache
        self._budget_bytes = budget_bytes
        self._residents: OrderedDict[tuple[int, str], _Resident] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, checkpoint: LoadedCheckpoint, picks: tuple[LoraPick, ...]) -> Iterator[None]:
        """Every pick with a UNet weight stays on the checkpoint's UNet inside the block. Raises WeightsRefused."""
        with ExitStack() as leases:
            for sha256 in dict.fromkeys(pick.sha256 for pick in picks if pick.weight):
                leases.enter_context(self._held(checkpoint, sha256))
            yield

    @contextmanager
    def _held(self, checkpoint: LoadedCheckpoint, sha256: str) -> Iterator[None]:
        weights = self._cache.get(sha256)
        place = id(checkpoint.unet_loras), sha256
        with self._lock:
            resident = self._residents.get(place)
            if resident is None:
                checkpoint.unet_loras.add(sha256, weights.unet)
                size = sum(pair.size_bytes for pair in weights.unet.values())
                resident = self._residents[place] = _Resident(checkpoint.unet_loras, size)
            self._residents.move_to_end(place)
            resident.leases += 1
        try:
            yield
        finally:
            with self._lock:
                resident.leases -= 1
                self._shrink()

    def _shrink(self) -> None:
        held = sum(resident.size_bytes for resident in self._residents.values())
        for place, resident in list(self._residents.items()):
            if held > self._budget_bytes and resident.leases == 0:
                resident.loras.discard(place[1])
                del self._residents[place]
                held -= resident.size_bytes
