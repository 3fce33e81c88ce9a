"""The device is lent between pictures: with real threads, and with the real renderer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from generation.engine.device_share import Lending
from generation.engine.renderer import Renderer
from tests.renders import draw, every_weight, recipe

TURN_SECONDS = 0.05


class Trainer:
    """Takes turn after turn in a thread of its own; `turns` holds when each began and ended."""

    def __init__(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self.turn = turn
        self.turns: list[tuple[float, float]] = []
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            with self.turn():
                begun = time.monotonic()
                time.sleep(TURN_SECONDS)
                self.turns.append((begun, time.monotonic()))

    def until(self, turns: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.turns) < turns:
            assert time.monotonic() < deadline
            time.sleep(0.005)


@contextmanager
def training(turn: Callable[[], AbstractContextManager[None]]) -> Iterator[Trainer]:
    trainer = Trainer(turn)
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


def test_a_picture_waits_for_the_one_turn_under_way_and_for_no_second() -> None:
    lending, order, first_may_end = Lending(), list[str](), threading.Event()

    def turn(name: str) -> None:
        with lending.turn(nothing):
            order.append(name)
            first_may_end.wait(10)

    def picture() -> None:
        with lending.picture():
            order.append("picture")

    with ThreadPoolExecutor(3) as pool:
        for begin in (lambda: turn("first"), lambda: turn("second"), picture):
            pool.submit(begin)
            time.sleep(0.1)
        assert order == ["first"]
        first_may_end.set()
    assert order == ["first", "picture", "second"]


def test_no_turn_begins_while_one_of_many_pictures_is_here() -> None:
    lending = Lending()
    spans: list[tuple[float, float]] = []

    def picture(place: int) -> None:
        time.sleep(0.02 * place)
        with lending.picture():
            begun = time.monotonic()
            time.sleep(0.1)
            spans.append((begun, time.monotonic()))

    with training(lambda: lending.turn(nothing)) as trainer:
        trainer.until(1)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(picture, range(6)))
        after = len(trainer.turns)
        trainer.until(after + 2)  # and it goes on by itself
    for begun, ended in spans:
        assert not [turn for turn in trainer.turns if turn[0] < ended and turn[1] > begun]


def test_who_waits_may_change_its_mind() -> None:
    lending = Lending()

    def enough() -> None:
        raise InterruptedError

    with lending.picture(), pytest.raises(InterruptedError), lending.turn(enough):
        pass
    with lending.turn(nothing):
        pass  # and nothing is left behind


def test_a_turn_that_fails_gives_the_device_back() -> None:
    lending = Lending()
    with pytest.raises(ZeroDivisionError), lending.turn(nothing):
        raise ZeroDivisionError
    with lending.picture():
        pass


def test_the_renderer_draws_between_turns_and_draws_the_same() -> None:
    renderer = Renderer(every_weight(), device="cpu", threads=1)
    try:
        alone, _ = draw(renderer, recipe(steps=6))
        with training(renderer.spare_turn) as trainer:
            trainer.until(2)
            spans = []
            for _ in range(3):
                asked = time.monotonic()
                pixels, _ = draw(renderer, recipe(steps=6))
                spans.append((asked, time.monotonic()))
                assert (pixels == alone).all()
                trainer.until(len(trainer.turns) + 1)
        for asked, ended in spans:
            begun_meanwhile = [turn for turn in trainer.turns if asked + 0.01 < turn[0] and turn[1] < ended - 0.01]
            assert begun_meanwhile == []
    finally:
        renderer.close()
