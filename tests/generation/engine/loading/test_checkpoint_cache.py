"""Loaded checkpoints are kept by size, shared while they are leased, and let go of without a leak."""

from __future__ import annotations

import gc
import shutil
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from generation.engine.loading.checkpoints import CheckpointCache
from generation.engine.outcome import WeightsRefused
from tests.generation.engine.loading.test_checkpoints import cache_of, networks
from tests.tiny_weights import tiny_checkpoint


def test_the_least_recently_used_leaves_first() -> None:
    paths: dict[str, Any] = {f"c{seed}": tiny_checkpoint("sd1", seed) for seed in range(3)}
    size = lease_once(cache_of(**paths), "c0")
    cache = cache_of(budget_bytes=2 * size, **paths)
    for key in ("c0", "c1", "c0", "c2"):
        lease_once(cache, key)
    assert cache.held_bytes == 2 * size
    assert set(cache._held.keys) == {"checkpoint c0", "checkpoint c2"}
    cache.clear()
    assert cache.held_bytes == 0


def lease_once(cache: CheckpointCache, key: str) -> int:
    with cache.lease(key) as checkpoint:
        return int(checkpoint.size_bytes)


def test_what_is_leased_stays_whatever_the_budget() -> None:
    cache = cache_of(budget_bytes=0, a=tiny_checkpoint("sd1", 0), b=tiny_checkpoint("sd1", 1))
    with cache.lease("a") as first, cache.lease("b"):
        with cache.lease("a") as again:
            assert again.unet is first.unet
        assert cache.held_bytes == 2 * first.size_bytes
    assert cache.held_bytes == 0


def test_threads_that_want_the_same_checkpoint_load_it_once() -> None:
    cache = cache_of(it=tiny_checkpoint("sd1"))
    found: list[Any] = []
    together = threading.Barrier(4)

    def lease() -> None:
        together.wait()
        with cache.lease("it") as checkpoint:
            found.append(checkpoint.unet)

    threads = [threading.Thread(target=lease) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(map(id, found))) == 1


def test_a_failed_load_can_be_tried_again(tmp_path: Path) -> None:
    cache = cache_of(it=tmp_path / "it")
    with pytest.raises(WeightsRefused), cache.lease("it"):
        pass
    shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "it")
    with cache.lease("it") as checkpoint:
        assert checkpoint.family.key == "sd1"


def test_switching_checkpoints_leaks_nothing() -> None:
    """Not even when somebody remembers the LoRAs of a checkpoint that left."""
    paths: dict[str, Any] = {f"c{seed}": tiny_checkpoint("sd1", seed) for seed in range(2)}
    cache = cache_of(budget_bytes=1, **paths)
    gone, remembered = [], []
    for turn in range(4):
        with cache.lease(f"c{turn % 2}") as checkpoint:
            gone += [weakref.ref(network) for network in networks(checkpoint)]
            remembered.append(checkpoint.unet_loras)
            del checkpoint
    gc.collect()
    assert len(gone) == 12
    assert not [network for reference in gone if (network := reference()) is not None]
