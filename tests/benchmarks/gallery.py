"""How fast the gallery answers, and how many queries it asks, while its posts grow: each feed, filter, search and page.

Asked in the server's own process, so that a value is what the server takes: middleware, queries, template. A value is
the 95th percentile; how it grew is told by the medians, which one busy moment does not move. A page that shows more
than it did, since more is there to be found, may take longer by as much as its answer is longer. The sizes are
`GALLERY_POSTS`, numbers with commas between them; a million posts take some minutes to be written.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks._web_server import ROOT, row
from tests.plugin import Broker
from tests.postgres import postgres

SECTIONS = ("postgresql", "sqlite")
SIZES = {"postgresql": "10000,1000000", "sqlite": "10000,100000"}
REQUESTS = 40
MOST_SECONDS = 0.1
MOST_QUERIES = 8
MOST_TIMES = 1.5


def run(only: str | None = None) -> list[dict[str, Any]]:
    return [one for section in ([only] if only else SECTIONS) for one in section_rows(section)]


def section_rows(section: str) -> list[dict[str, Any]]:
    """Measured by a process of its own, since a process has one database."""
    with tempfile.TemporaryDirectory(prefix="tempera-gallery-") as name:
        broker = Broker(Path(name))
        try:
            with postgres() if section == "postgresql" else nullcontext("") as url:
                env = {
                    **os.environ,
                    "DATABASE_URL": url,
                    "DATA_DIR": f"{name}/data",
                    "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0",
                    "STATIC_SOURCES": "on",
                    "LOG_LEVEL": "ERROR",
                    "PAGE_RATE": "100000/min",
                    "PAGE_RATE_ANONYMOUS": "100000/min",
                    "API_RATE_ANONYMOUS": "100000/min",
                }
                argv = [sys.executable, "-m", "tests.benchmarks.gallery", section]
                out = subprocess.run(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True).stdout
        finally:
            broker.clean_up()
    found: list[dict[str, Any]] = json.loads(out.splitlines()[-1])
    return found


def measured(section: str) -> Iterator[dict[str, Any]]:
    from django.core.management import call_command
    from django.db import connection

    from config.planner import update_statistics
    from tests.benchmarks import _gallery_people as people
    from tests.benchmarks import _gallery_rows as rows

    call_command("migrate", verbosity=0)
    world, last, first = rows.world(), 0, dict[str, Asked]()
    for size in map(int, os.environ.get("GALLERY_POSTS", SIZES[section]).split(",")):
        began = time.monotonic()
        rows.fill(world, last, size)
        people.talk(world)
        if not last:
            rows.check()
            people.settle(world)
        last = size
        if not update_statistics():  # as the clock does on a site
            with connection.cursor() as cursor:  # as PostgreSQL does by itself in time
                cursor.execute("VACUUM ANALYZE")
        print(f"{section}: {size} posts after {time.monotonic() - began:.0f} s", file=sys.stderr)
        most = 0
        for name, (who, addresses) in pages(world).items():
            now = asked(world, who, addresses)
            most = max(most, 0 if who == "moderator" else now.queries)
            told = f"{section}, {size:,} posts: {name}"
            medians = f"median {1000 * now.median:.0f}, of it processor {1000 * now.processor:.0f}"
            most_told = f"under {1000 * MOST_SECONDS:g}"
            what = f"{told}, {now.queries} queries, {medians}, p95"
            yield row(what, 1000 * now.p95, "ms", most_told, now.p95 < MOST_SECONDS)
            before = first.setdefault(name, now)
            if before is not now:
                grown, longer = now.median / before.median, now.length / before.length
                goal = f"under {max(MOST_TIMES, longer):.3g}"
                what = f"{told}: median over the first, its answer {longer:.2g} times as long"
                yield row(what, grown, "times", goal, grown < max(MOST_TIMES, longer))
        yield row(
            f"{section}, {size:,} posts: most queries of a page, the desk left out",
            most,
            "",
            f"at most {MOST_QUERIES}",
            most <= MOST_QUERIES,
        )


def pages(world: Any) -> dict[str, tuple[str, Sequence[str]]]:
    """A page's name -> who asks (nobody where empty), and the addresses that are asked in turn."""
    from tests.benchmarks import _gallery_addresses as addresses

    return addresses.pages(world)


@dataclass(frozen=True, slots=True)
class Asked:
    """How one page answered: seconds by the clock and of the processor in this process, bytes of an answer, and the
    most queries of one."""

    p95: float
    median: float
    processor: float
    length: int
    queries: int


def asked(world: Any, who: str, addresses: Sequence[str]) -> Asked:
    """A first round, in which things are loaded, is left out."""
    from django.db import connection
    from django.test import Client

    from tests.benchmarks._page_people import session_of

    client, times, busy, most, length = Client(SERVER_NAME="localhost"), list[float](), list[float](), 0, 0
    if who:
        client.cookies["sessionid"] = session_of(world.people[who])
    for number in range(-len(addresses), REQUESTS):
        count = Count()
        with connection.execute_wrapper(count):
            began, worked = time.perf_counter(), time.process_time()
            answer = client.get(addresses[number % len(addresses)])
            taken, worked = time.perf_counter() - began, time.process_time() - worked
        assert answer.status_code == 200, (addresses[number % len(addresses)], answer.status_code)
        if number >= 0:
            times.append(taken)
            busy.append(worked)
            most, length = max(most, count.queries), max(length, len(answer.content))
    return Asked(sorted(times)[int(len(times) * 0.95)], statistics.median(times), statistics.median(busy), length, most)


class Count:
    """Counts what is asked of the database."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries += 1
        return execute(sql, params, many, context)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    print(json.dumps(list(measured(sys.argv[1]))))
