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

from generation.engine.lorafile import LoraWeights
from generation.engine.loras import LoraCache, MixedLoras
from generation.recipe import LoraPick


@dataclass(slots=True)
class _Resident:
    size_bytes: int
    leases: int = 0


class ResidentLoras:
    """LoRAs on UNets; those that no request holds leave, least recently used first, beyond `budget_bytes` a UNet."""

    def __init__(self, cache: LoraCache, budget_bytes: int) -> None:
        self._cache = cache
        self._budget_bytes = budget_bytes
        # Weak: an evicted checkpoint must not be kept in memory by the list of its LoRAs.
        self._residents: weakref.WeakKeyDictionary[MixedLoras, OrderedDict[str, _Resident]] = (
            weakref.WeakKeyDictionary()
        )
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, unet_loras: MixedLoras, picks: tuple[LoraPick, ...]) -> Iterator[None]:
        """Every pick with a UNet weight stays on this UNet inside the block. Raises WeightsRefused."""
        with ExitStack() as leases:
            for sha256 in dict.fromkeys(pick.sha256 for pick in picks if pick.weight):
                leases.enter_context(self._held(unet_loras, sha256, self._cache.get(sha256)))
            yield

    @contextmanager
    def _held(self, unet_loras: MixedLoras, sha256: str, weights: LoraWeights) -> Iterator[None]:
        with self._lock:
            residents = self._residents.setdefault(unet_loras, OrderedDict())
            if sha256 not in residents:
                unet_loras.add(sha256, weights.unet)
                residents[sha256] = _Resident(sum(pair.size_bytes for pair in weights.unet.values()))
            residents.move_to_end(sha256)
            residents[sha256].leases += 1
        try:
            yield
        finally:
            with self._lock:
                residents[sha256].leases -= 1
                self._shrink(unet_loras, residents)

    def _shrink(self, unet_loras: MixedLoras, residents: OrderedDict[str, _Resident]) -> None:
        held = sum(resident.size_bytes for resident in residents.values())
        for sha256, resident in list(residents.items()):
            if held > self._budget_bytes and resident.leases == 0:
                unet_loras.discard(sha256)
                del residents[sha256]
                held -= resident.size_bytes
