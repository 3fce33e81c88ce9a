"""The least recently used leave first, within a budget, also where threads make one value at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from generation.engine.lru_cache import LruCache, one


def test_the_cache_stays_within_its_bytes_and_drops_the_longest_unused() -> None:
    cache: LruCache[str, bytes] = LruCache(10, len)
    for key in "abc":
        cache.get_or_make(key, lambda: b"1234")
    assert cache.used == 8
    assert cache.get_or_make("b", lambda: b"made again") == b"1234"
    assert cache.get_or_make("a", lambda: b"xyz") == b"xyz"
    assert cache.get_or_make("c", lambda: b"new") == b"new"
    assert cache.used == 10
    cache.get_or_make("huge", lambda: b"0" * 11)
    assert cache.used == 0


def test_the_newest_may_be_larger_than_the_budget_where_one_always_stays() -> None:
    cache: LruCache[str, bytes] = LruCache(10, len, at_least=1)
    cache.get_or_make("small", lambda: b"1")
    assert cache.get_or_make("huge", lambda: b"0" * 11) == b"0" * 11
    assert (cache.get("small"), cache.get("huge"), cache.used) == (None, b"0" * 11, 11)


def test_a_budget_may_count_values() -> None:
    cache: LruCache[str, str] = LruCache(2, one)
    for key in "abac":
        cache.get_or_make(key, lambda: "some value")
    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]


def test_what_is_discarded_gives_its_bytes_back() -> None:
    cache: LruCache[tuple[str, int], bytes] = LruCache(100, len)
    for number in range(4):
        cache.put(("even" if number % 2 == 0 else "odd", number), b"12345")
    cache.discard(lambda key: key[0] == "odd")
    assert cache.used == 10 and cache.get(("odd", 1)) is None and cache.get(("even", 2)) == b"12345"
    cache.clear()
    assert cache.used == 0


def test_threads_that_make_one_value_at_once_share_the_first() -> None:
    cache: LruCache[str, list[int]] = LruCache(10, one)
    both_make = threading.Barrier(2)

    def make() -> list[int]:
        both_make.wait(10)
        return [1]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: cache.get_or_make("key", make), range(2))
    assert first is second and cache.used == 1
