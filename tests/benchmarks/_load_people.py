"""Two hundred people with an open Create page while twenty pictures are drawn; in every second minute some never read.

A preview is made when Redis has it, which this process hears too, by the same clock as the pages. The people who draw
are more than there are slots, so that twenty pictures are always under way, and the same ones in both parts.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks._api_people import Person
from tests.benchmarks._load_drawing import Drawing
from tests.benchmarks._load_idle import parts_of, platform
from tests.benchmarks._load_settled import settle
from tests.benchmarks._queue_on import percentile
from tests.benchmarks._web_server import row
from tests.benchmarks.pages import asked_at
from tests.benchmarks.platform import site
from tests.live_line import OpenPage, OpenPages

PEOPLE, SLOTS, NEVER_READ = 200, 20, 16
IDLE_ROUNDS = 20
WARM_SECONDS, MEASURED_SECONDS, ROUNDS = 60, 60, 3
FIRST_FRAME_MS, TIMES, GROWTH = 300.0, 3.0, 0.05
UNCHANGED = 1.25
"""So much of a difference between some minutes is chance."""
ASKED_EVERY_SECONDS = 0.25
PAGES = ("/gallery/", "/loras/", "/create/", "/images/", "/status/", "/account/")
SETTINGS = {"GPU_SLOTS": str(SLOTS), "PAGE_RATE": "100000/min", "API_RATE": "100000/min"}


def people() -> Iterator[dict[str, Any]]:
    os.environ.update(SETTINGS)
    with tempfile.TemporaryDirectory(prefix="tempera-benchmark-") as folder, site(Path(folder)) as port:
        web = next(each for each, name in parts_of(platform()).items() if name == "web")
        everybody = settle(PEOPLE)
        drawing = Drawing(port, everybody[: SLOTS + NEVER_READ])
        with OpenPages(drawing.heard) as pages, drawing:
            yield from measured(port, web, everybody, drawing, pages)


def measured(
    port: int, web: psutil.Process, everybody: list[Person], drawing: Drawing, pages: OpenPages
) -> Iterator[dict[str, Any]]:
    asked_for(port, everybody, IDLE_ROUNDS * ASKED_EVERY_SECONDS)
    idle = asked_for(port, everybody, IDLE_ROUNDS * len(PAGES) * ASKED_EVERY_SECONDS)
    opened = [OpenPage("localhost", port, person.session, person.name) for person in everybody]
    for person in everybody:
        asked_at(port, "/create/", person.session)
    pages.open(opened)
    drawing.begin()
    asked_for(port, everybody, WARM_SECONDS)
    all_read, some_not = Minutes(), Minutes()
    readers = opened[:NEVER_READ]
    for _ in range(ROUNDS):
        all_read.add(*minute(port, web, everybody, drawing))
        deaf = [OpenPage("localhost", port, each.session, each.name, reads=False) for each in readers]
        pages.close(readers)
        pages.open(deaf)
        some_not.add(*minute(port, web, everybody, drawing))
        pages.close(deaf)
        pages.open(readers)
    yield row("pages of an idle site, p95", percentile(0.95, idle), "ms")
    yield from figures(f"{PEOPLE} people, {SLOTS} pictures", all_read, percentile(0.95, idle))
    yield from figures(f"the same, {NEVER_READ} never read", some_not, percentile(0.95, idle))
    for what, before, after in (
        ("first frame", all_read.waits, some_not.waits),
        ("pages", all_read.times, some_not.times),
    ):
        ratio = percentile(0.95, after) / percentile(0.95, before)
        middle = percentile(0.5, after) / percentile(0.5, before)
        what = f"{NEVER_READ} who never read, for the others: {what}"
        yield row(f"{what}, median over that without them", middle, "times")
        yield row(f"{what}, p95 over that without them", ratio, "times", f"at most {UNCHANGED}", ratio <= UNCHANGED)


@dataclass
class Minutes:
    """Those of one kind: milliseconds from making to coming of each first frame, those of pages, and for each minute
    by which share the memory of the web process grew in it."""

    waits: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    growths: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    def add(self, waits: list[float], times: list[float], sizes: list[float]) -> None:
        self.waits += waits
        self.times += times
        self.growths.append(max(sizes) / sizes[0] - 1)
        self.megabytes = sizes[-1]


def minute(
    port: int, web: psutil.Process, everybody: list[Person], drawing: Drawing
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of first frames and of pages, and the memory of the web process, in the minute that begins.

    The frames are those of people who read in both kinds.
    """
    drawing.forget(everybody[NEVER_READ:])
    sizes: list[float] = []
    times = asked_for(port, everybody, MEASURED_SECONDS, sizes, web)
    return drawing.waits(), times, sizes


def asked_for(
    port: int,
    everybody: list[Person],
    seconds: float,
    sizes: list[float] | None = None,
    web: psutil.Process | None = None,
) -> list[float]:
    """Milliseconds to the first byte of pages, one after the other, each asked for by another of those who draw not."""
    times, until, number = [], time.monotonic() + seconds, 0
    readers = everybody[SLOTS + NEVER_READ :]
    while time.monotonic() < until:
        number += 1
        took, _ = asked_at(port, PAGES[number % len(PAGES)], readers[number % len(readers)].session)
        times.append(1000 * took)
        if web is not None and sizes is not None:
            sizes.append(web.memory_info().rss / 1e6)
        time.sleep(max(0.0, ASKED_EVERY_SECONDS - took))
    return times


def figures(part: str, minutes: Minutes, idle: float) -> Iterator[dict[str, Any]]:
    p95 = percentile(0.95, minutes.waits)
    what, goal = f"{part}: first frame after its making, p95", f"at most {FIRST_FRAME_MS:g}"
    yield row(what, p95, "ms", goal, p95 <= FIRST_FRAME_MS)
    yield row(f"{part}: first frame after its making, median", percentile(0.5, minutes.waits), "ms")
    yield row(f"{part}: pictures whose first frame came", len(minutes.waits), "")
    yield row(f"{part}: memory of the web process", minutes.megabytes, "MB")
    growth = max(minutes.growths)
    yield row(f"{part}: its growth in a minute", 100 * growth, "%", f"at most {100 * GROWTH:g}", growth <= GROWTH)
    pages = percentile(0.95, minutes.times)
    yield row(f"{part}: pages, p95", pages, "ms")
    ratio = pages / idle
    yield row(f"{part}: pages, p95 over that of an idle site", ratio, "times", f"at most {TIMES:g}", ratio <= TIMES)
