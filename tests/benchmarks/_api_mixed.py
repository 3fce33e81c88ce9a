"""One program that makes pictures alone, and many at once that create, read, list and download; what is lost of it.

Many at once ask about once a second each, as programs do that watch their jobs, and then once more without a pause:
what they wait for then is each other, so that this tells how many requests a second the server answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.benchmarks._api_drawer import drawer
from tests.benchmarks._api_people import Person, Program
from tests.benchmarks._queue_on import percentile
from tests.benchmarks._web_server import row

ALONE, ALONE_MS = 200, 60.0
CLIENTS, ROUNDS, MIXED_MS = 32, 12, 400.0
PAUSE_SECONDS = 1.0
"""On average, between two requests of a client."""
PATIENCE_SECONDS = 300
LOADING = 5
"""Requests before the first that counts."""


def created_alone(port: int, person: Person) -> Iterator[dict[str, Any]]:
    """Nothing else waits: each job is cancelled before the next one is made."""
    program, times = Program(port, person), list[float]()
    for number in range(LOADING + ALONE):
        began = time.perf_counter()
        status, _ = program.create(seed=number)
        taken = time.perf_counter() - began
        assert status == 202, status
        if number >= LOADING:
            times.append(taken)
        program.ask("POST", "/api/v1/jobs/cancel", {})
    program.close()
    p95 = 1000 * percentile(0.95, times)
    yield row("job creation, one client, idle queue: p95", p95, "ms", f"under {ALONE_MS:g}", p95 < ALONE_MS)
    yield row("job creation, one client, idle queue: median", 1000 * percentile(0.5, times), "ms")


@dataclass
class Came:
    """What one client met with."""

    created: list[str] = field(default_factory=list)
    creation: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def mixed(port: int, people: Sequence[Person]) -> Iterator[dict[str, Any]]:
    of = f"{CLIENTS} clients mixed"
    with drawer():
        together(port, people[:1], 0)  # so that the server has loaded what it needs
        paced, _ = together(port, people, PAUSE_SECONDS)
        at_once, seconds = together(port, people, 0)
        created = [code for each in (*paced, *at_once) for code in each.created]
        whole = until_drawn(created)
    creation = [taken for each in paced for taken in each.creation]
    p95 = 1000 * percentile(0.95, creation)
    yield row(f"{of}: p95 of creation", p95, "ms", f"under {MIXED_MS:g}", p95 < MIXED_MS)
    yield row(f"{of}: p95 of the rest", 1000 * percentile(0.95, [t for each in paced for t in each.others]), "ms")
    creation, others = ([t for each in at_once for t in getattr(each, kind)] for kind in ("creation", "others"))
    yield row(f"{of}, no pause: p95 of creation", 1000 * percentile(0.95, creation), "ms")
    yield row(f"{of}, no pause: requests a second", (len(creation) + len(others)) / seconds, "")
    errors = [error for each in (*paced, *at_once) for error in each.errors]
    yield row(f"{of}: errors {sorted(set(errors))[:3] or ''}".strip(), len(errors), "", "none", not errors)
    lost = len(created) - whole
    yield row(f"{of}: lost of {len(created)} jobs", lost, "", "none", not lost)


def together(port: int, people: Sequence[Person], pause: float) -> tuple[list[Came], float]:
    """What each client met with, and the seconds until the last had ended."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        came = list(threads.map(partial(client, port, pause), people[:CLIENTS]))
    return came, time.perf_counter() - began


def client(port: int, pause: float, person: Person) -> Came:
    """Each round makes a picture, reads how it is, looks at the gallery, and downloads a picture of theirs."""
    program, came, chance = Program(port, person), Came(), random.Random(person.pk)
    for number in range(ROUNDS):
        time.sleep(pause and chance.expovariate(1 / pause))
        began = time.perf_counter()
        status, codes = program.create(seed=number)
        came.creation.append(time.perf_counter() - began)
        came.created += codes
        note(came, "create", status, 202)
        job = f"/api/v1/jobs/{codes[0] if codes else 'none'}"
        for path in (job, "/api/v1/posts", f"/api/v1/images/{person.image}/file/png"):
            time.sleep(pause and chance.expovariate(1 / pause))
            began = time.perf_counter()
            status, _ = program.ask("GET", path)
            came.others.append(time.perf_counter() - began)
            note(came, path.split("/")[3], status, 200)
    program.close()
    return came


def note(came: Came, what: str, status: int, expected: int) -> None:
    if status != expected:
        came.errors.append(f"{what} {status}")


def until_drawn(codes: Sequence[str]) -> int:
    """How many of these jobs are done, with one picture and paid once, when all are or nothing more comes."""
    from accounts.models import CreditEntry
    from generation.models import GeneratedImage, Job

    jobs = Job.objects.filter(code__in=codes)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while jobs.unfinished().exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    done = jobs.filter(state=Job.State.DONE)
    pictures = GeneratedImage.objects.filter(job__in=done).count()
    paid = CreditEntry.objects.filter(kind="settle", reference__in=[job.reference for job in done]).count()
    return min(done.count(), pictures, paid)
