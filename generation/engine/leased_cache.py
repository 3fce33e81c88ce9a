"""Large things kept in memory within a budget of bytes and leased: what is leased is never evicted.

For what several threads use for a while and must not be taken from them. What is only looked up: `lru_cache`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Entry(Generic[Value]):
    loading: threading.Lock = field(default_factory=threading.Lock)
    value: Value | None = None
    size_bytes: int = 0
    leases: int = 0


class LeasedCache(Generic[Key, Value]):
    """Values by key; those that nobody leases leave, least recently used first, beyond `budget_bytes`. Thread-safe.

    The budget bounds what is kept, not what is leased. `evict` is called with each value that leaves. A value that is
    not `alive` any more, since somebody else let go of it, counts no bytes and leaves without `evict`.
    """

    def __init__(
        self, budget_bytes: int, evict: Callable[[Value], None], *, alive: Callable[[Value], bool] = lambda value: True
    ) -> None:
        self._budget_bytes = budget_bytes
        self._evict = evict
        self._alive = alive
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, key: Key, load: Callable[[], tuple[Value, int]]) -> Iterator[Value]:
        """The value under `key`, safe from eviction inside the block; `load` gives a missing one and its bytes.

        One thread loads a key while others that want it wait. What `load` raises leaves nothing behind.
        """
        with self._lock:
            self._drop_dead()
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            entry.leases += 1
        try:
            yield self._loaded(entry, load)
        finally:
            with self._lock:
                entry.leases -= 1
                self._shrink(self._budget_bytes)

    @property
    def held_bytes(self) -> int:
        with self._lock:
            self._drop_dead()
            return sum(entry.size_bytes for entry in self._entries.values())

    @property
    def keys(self) -> list[Key]:
        """Of what is loaded, the least recently used first."""
        with self._lock:
            return [key for key, entry in self._entries.items() if entry.value is not None]

    def clear(self) -> None:
        """Evict everything that is not leased."""
        with self._lock:
            self._shrink(-1)

    def _loaded(self, entry: _Entry[Value], load: Callable[[], tuple[Value, int]]) -> Value:
        # A lock of the entry, not the cache's: whoever wants another key need not wait for minutes.
        with entry.loading:
            if entry.value is None:
                entry.value, entry.size_bytes = load()
                with self._lock:
                    self._shrink(self._budget_bytes)
            return entry.value

    def _shrink(self, budget_bytes: int) -> None:
        """Evict what is not leased, oldest first, until the rest fits; entries whose load failed go at once."""
        self._drop_dead()
        held = sum(entry.size_bytes for entry in self._entries.values())
        for key, entry in list(self._entries.items()):
            if entry.leases == 0 and (held > budget_bytes or entry.value is None):
                held -= entry.size_bytes
                del self._entries[key]
                if entry.value is not None:
                    self._evict(entry.value)

    def _drop_dead(self) -> None:
        for key, entry in list(self._entries.items()):
            if entry.leases == 0 and entry.value is not None and not self._alive(entry.value):
                del self._entries[key]
