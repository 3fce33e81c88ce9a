"""Requests that arrive by chance (Poisson), served by diffusers one after another or by the engine, on a virtual clock.

The clock is the process's CPU time plus jumps over the gaps in which nobody is there, so that neighbours on the machine
and the waits of threads do not count.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import mean, quantiles

from generation.engine.outcome import Rendered, Step
from generation.engine.renderer import Renderer
from generation.recipes.picture import Recipe
from tests.renders import draw_by_pipeline


@dataclass(frozen=True)
class Arrival:
    at: float
    recipe: Recipe


@dataclass
class Served:
    """Seconds from arrival to the first preview and to the picture, of each request; and when the last was done."""

    first_preview: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    done_at: float = 0.0

    def add(self, arrival: Arrival, first_preview: float, done: float) -> None:
        self.first_preview.append(first_preview - arrival.at)
        self.latency.append(done - arrival.at)
        self.done_at = max(self.done_at, done)

    @property
    def mean(self) -> float:
        return mean(self.latency)

    @property
    def p95(self) -> float:
        return quantiles(self.latency, n=20)[-1]


def poisson(recipes: Sequence[Recipe], seconds_between: float, seed: int) -> list[Arrival]:
    rng, now, arrivals = random.Random(seed), 0.0, []
    for recipe in recipes:
        now += rng.expovariate(1 / seconds_between)
        arrivals.append(Arrival(now, recipe))
    return arrivals


def serve_sequentially(arrivals: Sequence[Arrival]) -> Served:
    """One pipe() call after another in the order of arrival, each with a callback that could show its steps."""
    served, now = Served(), 0.0
    for arrival in arrivals:
        begin = max(now, arrival.at)
        first: list[float] = []
        started = time.process_time()
        draw_by_pipeline(arrival.recipe, on_step=partial(stamp, first))
        now = begin + time.process_time() - started
        served.add(arrival, begin + first[0] - started, now)
    return served


def stamp(moments: list[float]) -> None:
    moments.append(time.process_time())


class VirtualClock:
    def __init__(self) -> None:
        self._skipped = -time.process_time()

    def now(self) -> float:
        return time.process_time() + self._skipped

    def skip_to(self, moment: float) -> None:
        self._skipped += max(0.0, moment - self.now())


def serve_by_engine(renderer: Renderer, arrivals: Sequence[Arrival]) -> Served:
    served, clock = Served(), VirtualClock()
    threads: list[threading.Thread] = []
    lock = threading.Lock()

    def follow(arrival: Arrival) -> None:
        first = None
        for event in renderer.render(arrival.recipe):
            if isinstance(event, Step) and event.index and first is None:
                first = clock.now()
            if isinstance(event, Rendered):
                with lock:
                    served.add(arrival, first or clock.now(), clock.now())

    for arrival in arrivals:
        while clock.now() < arrival.at:
            if any(thread.is_alive() for thread in threads):
                time.sleep(0.002)
            else:
                clock.skip_to(arrival.at)
        threads.append(threading.Thread(target=follow, args=(arrival,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return served
