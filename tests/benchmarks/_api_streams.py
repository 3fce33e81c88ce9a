"""Two hundred open streams, half Server-Sent Events and half websockets, while twenty jobs are drawn; some never read.

The jobs' frames are published by this process, as a worker does. All streams are read by one thread, so that what is
measured is the server.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from tests.benchmarks._api_people import RECIPE, Person
from tests.benchmarks._queue_on import percentile
from tests.benchmarks._web_server import row
from tests.benchmarks._websocket import Listener

if TYPE_CHECKING:
    from generation.models import Job

PEOPLE, OF_A_PERSON = 10, 10
"""So many streams of each kind has each person: no more of either are let in."""
JOBS_A_PERSON = 2
NEVER_READ = 16
STEPS = 10_000
FRAMES_A_SECOND = 5
MEASURED_SECONDS = 30
SETTLING_SECONDS = 5
FIRST_FRAME_MS, GROWTH = 300.0, 1.05
EVENTS = "/api/v1/jobs/events"
SIGN = b"percent"
"""Stands once in every frame, and in nothing that is sent before one."""


@dataclass(eq=False)
class Stream:
    """`first_at` is when its first frame came; None while none has."""

    person: Person
    socket: socket.socket
    listener: Listener | None = None
    first_at: float | None = None
    tail: bytes = b""

    def read(self) -> None:
        """Raises OSError when the other side has hung up."""
        if not (received := self.socket.recv(65536)):
            raise ConnectionResetError
        data = self.tail + received
        self.tail = data[1 - len(SIGN) :]
        for _ in range(data.count(SIGN)):
            self.first_at = self.first_at or time.perf_counter()
            # A page says that it has shown a frame, or it is sent no more after two.
            if self.listener is not None:
                self.listener.say('{"ack":true}')


def streams(port: int, people: Sequence[Person], server: psutil.Process) -> Iterator[dict[str, Any]]:
    jobs = {person: running(person) for person in people[:PEOPLE]}
    opened = [each for person in jobs for each in opened_by(port, person)]
    # They stand in turns, so that an odd step leaves as many of either kind unread.
    unread = opened[:: len(opened) // NEVER_READ | 1][:NEVER_READ]
    read = [each for each in opened if each not in unread]
    with Reading(read):
        time.sleep(1)
        with Frames(jobs) as frames:
            time.sleep(SETTLING_SECONDS)
            before = server.memory_info().rss
            time.sleep(MEASURED_SECONDS)
            growth = server.memory_info().rss / before
    waits = [1000 * (each.first_at - frames.first_at[each.person]) for each in read if each.first_at is not None]
    silent = len(read) - len(waits)
    p95 = percentile(0.95, waits) if waits else float("inf")
    of = f"{len(opened)} streams, {sum(map(len, jobs.values()))} jobs, {len(unread)} never read"
    goal = f"under {FIRST_FRAME_MS:g}"
    yield row(f"{of}: first frame, p95", p95, "ms", goal, p95 < FIRST_FRAME_MS)
    yield row(f"{of}: without a frame", silent, "", "none", not silent)
    yield row(f"{of}: memory over {MEASURED_SECONDS} s", growth, "times", f"at most {GROWTH}", growth <= GROWTH)
    for each in opened:
        each.socket.close()


def running(person: Person) -> list[Job]:
    """In a worker's hands, and far from their end."""
    from accounts.models import User
    from generation.jobs.queueing import claim_next
    from generation.jobs.submission import submit_jobs
    from generation.recipes.picture import Recipe

    submit_jobs(User.objects.get(pk=person.pk), Recipe(**RECIPE), JOBS_A_PERSON)
    jobs = [claim_next("benchmark") for _ in range(JOBS_A_PERSON)]
    assert all(job is not None and job.owner_id == person.pk for job in jobs)
    return [job for job in jobs if job is not None]


def opened_by(port: int, person: Person) -> Iterator[Stream]:
    for _ in range(OF_A_PERSON):
        yield Stream(person, events_of(port, person))
        listener = Listener(port, f"sessionid={person.session}")
        yield Stream(person, listener.socket, listener)


def events_of(port: int, person: Person) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=60)
    line.sendall(
        f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {person.key}\r\n"
        "Accept: text/event-stream\r\n\r\n".encode()
    )
    status = line.recv(4096)
    assert b" 200 " in status.partition(b"\r\n")[0], status
    return line


class Reading:
    """One thread that reads all of the streams until it is left."""

    def __init__(self, read: Sequence[Stream]) -> None:
        self.selector, self.ends = selectors.DefaultSelector(), threading.Event()
        for each in read:
            self.selector.register(each.socket, selectors.EVENT_READ, each)
        self.thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self.ends.is_set():
            for key, _ in self.selector.select(0.1):
                try:
                    key.data.read()
                except OSError:
                    self.selector.unregister(key.fileobj)

    def __enter__(self) -> Reading:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self.thread.join()


class Frames:
    """One thread that sends previews of all jobs at the rate of a worker; `first_at` by whose they are."""

    def __init__(self, jobs: dict[Person, list[Job]]) -> None:
        self.jobs, self.ends = jobs, threading.Event()
        self.first_at: dict[Person, float] = {}
        self.thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        import numpy as np

        from generation.imaging.encode import encode_preview
        from generation.messages.frames import Frame, publish_frame

        preview = encode_preview(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
        step = 0
        while not self.ends.wait(1 / FRAMES_A_SECOND):
            step += 1
            for person, jobs in self.jobs.items():
                self.first_at.setdefault(person, time.perf_counter())
                for job in jobs:
                    publish_frame(person.pk, Frame(job.code, step % 100, step, STEPS, 60.0, preview))

    def __enter__(self) -> Frames:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self.thread.join()
