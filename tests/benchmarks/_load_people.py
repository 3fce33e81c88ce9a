"""Two hundred people with an open Create page while twenty pictures are drawn; in the second part some never read.

A preview is made when Redis has it, which this process hears too, by the same clock as the pages. The people who draw
are more than there are slots, so that twenty pictures are always under way, and the same ones in both parts.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
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
WARM_SECONDS, MEASURED_SECONDS = 60, 60
FIRST_FRAME_MS, TIMES, GROWTH = 300.0, 3.0, 0.05
UNCHANGED = 1.25
"""So much of a difference between two minutes is chance."""
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
    first = minute(port, web, everybody, drawing)
    deaf = [OpenPage("localhost", port, each.session, each.name, reads=False) for each in opened[:NEVER_READ]]
    pages.close(opened[:NEVER_READ])
    pages.open(deaf)
    second = minute(port, web, everybody, drawing)
    yield row("pages of an idle site, p95", percentile(0.95, idle), "ms")
    yield from figures(f"{PEOPLE} people, {SLOTS} pictures", *first, percentile(0.95, idle))
    yield from figures(f"the same, {NEVER_READ} never read", *second, percentile(0.95, idle))
    for what, before, after in (("first frame", first[0], second[0]), ("pages", first[1], second[1])):
        ratio = percentile(0.95, after) / percentile(0.95, before)
        what = f"{NEVER_READ} who never read, for the others: {what}, p95 over that without them"
        yield row(what, ratio, "times", f"at most {UNCHANGED}", ratio <= UNCHANGED)


def minute(
    port: int, web: psutil.Process, everybody: list[Person], drawing: Drawing
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds from making to coming of each first frame, those of pages, and the memory of the web process.

    The frames are those of people who read in both parts.
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


def figures(
    part: str, waits: list[float], times: list[float], sizes: list[float], idle: float
) -> Iterator[dict[str, Any]]:
    p95 = percentile(0.95, waits)
    what, goal = f"{part}: first frame after its making, p95", f"at most {FIRST_FRAME_MS:g}"
    yield row(what, p95, "ms", goal, p95 <= FIRST_FRAME_MS)
    yield row(f"{part}: pictures whose first frame came", len(waits), "")
    growth = max(sizes) / sizes[0] - 1
    yield row(f"{part}: memory of the web process", sizes[0], "MB")
    yield row(f"{part}: its growth in a minute", 100 * growth, "%", f"at most {100 * GROWTH:g}", growth <= GROWTH)
    ratio = percentile(0.95, times) / idle
    yield row(f"{part}: pages, p95", percentile(0.95, times), "ms")
    yield row(f"{part}: pages, p95 over that of an idle site", ratio, "times", f"at most {TIMES:g}", ratio <= TIMES)
