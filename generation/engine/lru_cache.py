"""Values kept by key within a budget: the least recently used leave first. What is in use stays: `leased_cache`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """Values by key, in all at most `budget` of what `size_of` counts (bytes, mostly). Thread-safe.

    The newest `at_least` values stay whatever their size. Callers do not change what they get.
    """

    def __init__(self, budget: int, size_of: Callable[[Value], int], *, at_least: int = 0) -> None:
        self.budget = budget
        self.used = 0
        self._size_of = size_of
        self._at_least = at_least
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            if (value := self._values.get(key)) is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> Value:
        """Keep `value`, and give what is kept under `key`: the one that was there first."""
        with self._lock:
            if key in self._values:
                return self._values[key]
            self._values[key] = value
            self.used += self._size_of(value)
            while self.used > self.budget and len(self._values) > self._at_least:
                _, oldest = self._values.popitem(last=False)
                self.used -= self._size_of(oldest)
        return value

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value under `key`, made outside the lock where it is missing: two threads may make the same at once."""
        value = self.get(key)
        return self.put(key, make()) if value is None else value

    def discard(self, belongs: Callable[[Key], bool]) -> None:
        """Forget every value whose key `belongs` to what is to go."""
        with self._lock:
            for key in [key for key in self._values if belongs(key)]:
                self.used -= self._size_of(self._values.pop(key))

    def clear(self) -> None:
        self.discard(lambda key: True)


def one(value: object) -> int:
    """The size of everything in a cache that counts its values."""
    return 1
