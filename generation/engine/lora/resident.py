"""Which LoRAs lie ready on which UNet: added on the caller's thread before its request joins, kept warm afterwards.

Dropping a LoRA makes the next mixed call stack the others anew, so it happens only when the budget asks for it.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from generation.engine.leased_cache import LeasedCache
from generation.engine.lora.mixed_batch import LoraCache, MixedLoras
from generation.recipes.picture import LoraPick


@dataclass(frozen=True, slots=True)
class ResidentLora:
    """A LoRA on a UNet, which is named weakly: an evicted checkpoint must not be kept by the list of its LoRAs."""

    unet_loras: weakref.ref[MixedLoras]
    sha256: str

    @property
    def is_there(self) -> bool:
        """False once its checkpoint has left memory and taken it along."""
        loras = self.unet_loras()
        return loras is not None and self.sha256 in loras

    def discard(self) -> None:
        if (loras := self.unet_loras()) is not None:
            loras.discard(self.sha256)


class ResidentLoras:
    """LoRAs on UNets; those that no request holds leave, least recently used first, beyond `budget_bytes` for all."""

    def __init__(self, cache: LoraCache, budget_bytes: int) -> None:
        self._cache = cache
        self._held: LeasedCache[ResidentLora, ResidentLora] = LeasedCache(
            budget_bytes, ResidentLora.discard, alive=lambda resident: resident.is_there
        )

    @contextmanager
    def lease(self, unet_loras: MixedLoras, picks: tuple[LoraPick, ...]) -> Iterator[None]:
        """Every pick with a UNet weight stays on this UNet inside the block. Raises WeightsRefused."""
        with ExitStack() as leases:
            for sha256 in dict.fromkeys(pick.sha256 for pick in picks if pick.weight):
                resident = ResidentLora(weakref.ref(unet_loras), sha256)
                leases.enter_context(self._held.lease(resident, lambda: self._add(unet_loras, resident)))  # noqa: B023
            yield

    @property
    def held_bytes(self) -> int:
        return self._held.held_bytes

    def _add(self, unet_loras: MixedLoras, resident: ResidentLora) -> tuple[ResidentLora, int]:
        pairs = self._cache.get(resident.sha256).unet
        unet_loras.add(resident.sha256, pairs)
        return resident, sum(pair.size_bytes for pair in pairs.values())
