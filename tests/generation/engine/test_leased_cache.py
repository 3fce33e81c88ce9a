"""What is leased stays, whatever the budget; what nobody leases leaves by use; a failed load leaves nothing behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from generation.engine.leased_cache import LeasedCache


def cache_of(budget_bytes: int) -> tuple[LeasedCache[str, str], list[str]]:
    """A cache of texts, and those that it evicted."""
    evicted: list[str] = []
    return LeasedCache(budget_bytes, evicted.append), evicted


def use(cache: LeasedCache[str, str], *keys: str) -> None:
    for key in keys:
        with cache.lease(key, lambda key=key: (key.upper(), 4)) as value:  # type: ignore[misc]
            assert value == key.upper()


def test_the_least_recently_used_leaves_first() -> None:
    cache, evicted = cache_of(8)
    use(cache, "a", "b", "a", "c")
    assert (evicted, cache.keys, cache.held_bytes) == (["B"], ["a", "c"], 8)


def test_what_is_leased_never_leaves() -> None:
    cache, evicted = cache_of(0)
    with cache.lease("a", lambda: ("A", 4)):
        use(cache, "b")
        cache.clear()
        assert (evicted, cache.keys, cache.held_bytes) == (["B"], ["a"], 4)
    assert (evicted, cache.held_bytes) == (["B", "A"], 0)


def test_a_load_that_fails_leaves_nothing_behind() -> None:
    cache, evicted = cache_of(8)
    with pytest.raises(ZeroDivisionError), cache.lease("a", lambda: (str(1 // 0), 4)):
        pytest.fail("there is nothing to lease")
    assert (evicted, cache.keys) == ([], [])
    use(cache, "a")


def test_one_thread_loads_while_others_wait_and_other_keys_do_not() -> None:
    cache, _ = cache_of(100)
    loading, may_end, loads = threading.Event(), threading.Event(), list[str]()

    def slowly() -> tuple[str, int]:
        loads.append("a")
        loading.set()
        assert may_end.wait(10)
        return "A", 4

    def lease_a() -> str:
        with cache.lease("a", slowly) as value:
            return value

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(lease_a) for _ in range(2)]
        assert loading.wait(10)
        use(cache, "b")
        may_end.set()
        assert [one.result(10) for one in waiting] == ["A", "A"] and loads == ["a"]


def test_what_is_not_alive_any_more_counts_no_bytes_and_is_loaded_anew() -> None:
    dead: set[str] = set()
    evicted: list[str] = []
    cache: LeasedCache[str, str] = LeasedCache(8, evicted.append, alive=lambda value: value not in dead)
    use(cache, "a", "b")
    dead.add("A")
    assert (cache.held_bytes, cache.keys, evicted) == (4, ["b"], [])
    with cache.lease("a", lambda: ("again", 4)) as value:
        assert value == "again"
