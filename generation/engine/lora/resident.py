"""Which LoRAs lie ready on which UNet: added on the caller's thread before its request joins, kept warm afterwards.

Dropping a LoRA makes the next mixed call stack the others anew, so it happens only when the budget asks for it.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from generation.engine.lora.file import LoraWeights
from generation.engine.lora.mixed_batch import LoraCache, MixedLoras
from generation.recipes.picture import LoraPick


@dataclass(slots=True)
class _Resident:
    size_bytes: int
    leases: int = 0


Place = tuple["weakref.ref[MixedLoras]", str]
"""A UNet's LoRAs, weakly: an evicted checkpoint must not be kept in memory by the list of its LoRAs; and a sha256."""


class ResidentLoras:
    """LoRAs on UNets; those that no request holds leave, least recently used first, beyond `budget_bytes` for all."""

    def __init__(self, cache: LoraCache, budget_bytes: int) -> None:
        self._cache = cache
        self._budget_bytes = budget_bytes
        self._residents: OrderedDict[Place, _Resident] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, unet_loras: MixedLoras, picks: tuple[LoraPick, ...]) -> Iterator[None]:
        """Every pick with a UNet weight stays on this UNet inside the block. Raises WeightsRefused."""
        with ExitStack() as leases:
            for sha256 in dict.fromkeys(pick.sha256 for pick in picks if pick.weight):
                leases.enter_context(self._held(unet_loras, sha256, self._cache.get(sha256)))
            yield

    @property
    def held_bytes(self) -> int:
        with self._lock:
            self._forget_emptied()
            return sum(resident.size_bytes for resident in self._residents.values())

    @contextmanager
    def _held(self, unet_loras: MixedLoras, sha256: str, weights: LoraWeights) -> Iterator[None]:
        place = weakref.ref(unet_loras), sha256
        with self._lock:
            if place not in self._residents:
                unet_loras.add(sha256, weights.unet)
                self._residents[place] = _Resident(sum(pair.size_bytes for pair in weights.unet.values()))
            self._residents.move_to_end(place)
            self._residents[place].leases += 1
        try:
            yield
        finally:
            with self._lock:
                self._residents[place].leases -= 1
                self._forget_emptied()
                self._shrink()

    def _forget_emptied(self) -> None:
        """A checkpoint that left memory took its LoRAs along."""
        for place in [place for place in self._residents if (loras := place[0]()) is None or place[1] not in loras]:
            del self._residents[place]

    def _shrink(self) -> None:
        held = sum(resident.size_bytes for resident in self._residents.values())
        for place, resident in list(self._residents.items()):
            if held > self._budget_bytes and resident.leases == 0:
                if (unet_loras := place[0]()) is not None:
                    unet_loras.discard(place[1])
                del self._residents[place]
                held -= resident.size_bytes
