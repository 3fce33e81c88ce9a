"""Whoever trains gets the device between pictures: with real threads, and with the real renderer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from generation.engine.device_arbiter import DeviceArbiter
from generation.engine.renderer import Renderer
from tests.renders import draw, every_weight, recipe

SLICE_SECONDS = 0.05


class Trainer:
    """Takes time slice after time slice in a thread of its own; `slices` holds when each began and ended."""

    def __init__(self, take: Callable[[], AbstractContextManager[None]]) -> None:
        self.take = take
        self.slices: list[tuple[float, float]] = []
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            with self.take():
                begun = time.monotonic()
                time.sleep(SLICE_SECONDS)
                self.slices.append((begun, time.monotonic()))

    def until(self, slices: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.slices) < slices:
            assert time.monotonic() < deadline
            time.sleep(0.005)


@contextmanager
def training(take: Callable[[], AbstractContextManager[None]]) -> Iterator[Trainer]:
    trainer = Trainer(take)
    thread = threading.Thread(target=trainer.run)
    thread.start()
    try:
        yield trainer
    finally:
        trainer.stopping = True
        thread.join(10)
    assert not thread.is_alive()


def nothing() -> None:
    """Nobody wants to stop waiting."""


def test_a_picture_waits_for_the_one_time_slice_under_way_and_for_no_second() -> None:
    arbiter, order, first_may_end = DeviceArbiter(), list[str](), threading.Event()

    def take(name: str) -> None:
        with arbiter.time_slice(nothing):
            order.append(name)
            first_may_end.wait(10)

    def picture() -> None:
        with arbiter.picture():
            order.append("picture")

    with ThreadPoolExecutor(3) as pool:
        for begin in (lambda: take("first"), lambda: take("second"), picture):
            pool.submit(begin)
            time.sleep(0.1)
        assert order == ["first"]
        first_may_end.set()
    assert order == ["first", "picture", "second"]


def test_no_time_slice_begins_while_one_of_many_pictures_is_here() -> None:
    arbiter = DeviceArbiter()
    spans: list[tuple[float, float]] = []

    def picture(place: int) -> None:
        time.sleep(0.02 * place)
        with arbiter.picture():
            begun = time.monotonic()
            time.sleep(0.1)
            spans.append((begun, time.monotonic()))

    with training(lambda: arbiter.time_slice(nothing)) as trainer:
        trainer.until(1)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(picture, range(6)))
        after = len(trainer.slices)
        trainer.until(after + 2)  # and it goes on by itself
    for begun, ended in spans:
        assert not [slice_ for slice_ in trainer.slices if slice_[0] < ended and slice_[1] > begun]


def test_who_waits_may_change_its_mind() -> None:
    arbiter = DeviceArbiter()

    def enough() -> None:
        raise InterruptedError

    with arbiter.picture(), pytest.raises(InterruptedError), arbiter.time_slice(enough):
        pass
    with arbiter.time_slice(nothing):
        pass  # and nothing is left behind


def test_a_time_slice_that_fails_gives_the_device_back() -> None:
    arbiter = DeviceArbiter()
    with pytest.raises(ZeroDivisionError), arbiter.time_slice(nothing):
        raise ZeroDivisionError
    with arbiter.picture():
        pass


def test_the_renderer_draws_between_slices_and_draws_the_same() -> None:
    renderer = Renderer(every_weight(), device="cpu", threads=1)
    try:
        alone, _ = draw(renderer, recipe(steps=6))
        with training(renderer.time_slice) as trainer:
            trainer.until(2)
            spans = []
            for _ in range(3):
                asked = time.monotonic()
                pixels, _ = draw(renderer, recipe(steps=6))
                spans.append((asked, time.monotonic()))
                assert (pixels == alone).all()
                trainer.until(len(trainer.slices) + 1)
        for asked, ended in spans:
            begun_meanwhile = [
                slice_ for slice_ in trainer.slices if asked + 0.01 < slice_[0] and slice_[1] < ended - 0.01
            ]
            assert begun_meanwhile == []
    finally:
        renderer.close()
