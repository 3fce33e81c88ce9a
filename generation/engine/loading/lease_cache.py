"""Large things kept in memory by key within a budget of bytes, and leased: what is leased is never evicted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Held = TypeVar("Held")


@dataclass(slots=True)
class _Place(Generic[Held]):
    loading: threading.Lock = field(default_factory=threading.Lock)
    value: Held | None = None
    size: int = 0
    leases: int = 0


class Shelf(Generic[Held]):
    """One thread loads a key while others that want it wait. `let_go` is called with each value that is evicted."""

    def __init__(self, budget_bytes: int, let_go: Callable[[Held], None]) -> None:
        self._budget_bytes = budget_bytes
        self._let_go = let_go
        self._places: OrderedDict[str, _Place[Held]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, key: str, load: Callable[[], tuple[Held, int]]) -> Iterator[Held]:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            place.leases += 1
        try:
            yield self._filled(place, load)
        finally:
            with self._lock:
                place.leases -= 1
                self._shrink(self._budget_bytes)

    @property
    def held_bytes(self) -> int:
        with self._lock:
            return sum(place.size for place in self._places.values())

    @property
    def keys(self) -> list[str]:
        """Of what is loaded, the least recently used first."""
        with self._lock:
            return [key for key, place in self._places.items() if place.value is not None]

    def clear(self) -> None:
        with self._lock:
            self._shrink(-1)

    def _filled(self, place: _Place[Held], load: Callable[[], tuple[Held, int]]) -> Held:
        with place.loading:
            if place.value is None:
                place.value, place.size = load()
                with self._lock:
                    self._shrink(self._budget_bytes)
            return place.value

    def _shrink(self, budget_bytes: int) -> None:
        """Drop unleased places, oldest first, until the rest fits; places whose load failed go at once."""
        held = sum(place.size for place in self._places.values())
        for key, place in list(self._places.items()):
            if place.leases == 0 and (held > budget_bytes or place.value is None):
                held -= place.size
                del self._places[key]
                if place.value is not None:
                    self._let_go(place.value)
