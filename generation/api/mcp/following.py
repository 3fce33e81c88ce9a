"""How a call waits for its pictures: it looks at the jobs now and then, and says how far they are."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

from accounts.refusals import counted

LOOK_SECONDS = 0.5
SAID_AGAIN_SECONDS = 10.0
ENDED = ("done", "failed", "cancelled")
LEAST_STEP = 0.001
"""The protocol wants each progress to be above the one before, also while a job waits and nothing is drawn: clients
take silence for a server that hangs."""

Rows = Sequence[Mapping[str, Any]]
Report = Callable[[float, float, str], Awaitable[None]]


async def follow(look: Callable[[], Awaitable[Rows]], report: Report, seconds: float) -> Rows:
    """The jobs as they stand when all have ended, or after so many seconds; what `look` raises is raised."""
    until, told, said, said_at = time.monotonic() + seconds, 0.0, "", 0.0
    while True:
        jobs = await look()
        now = time.monotonic()
        if all(job["state"] in ENDED for job in jobs) or now >= until:
            return jobs
        done, words = pictures_done(jobs), words_of(jobs)
        if words != said or done > told or now - said_at > SAID_AGAIN_SECONDS:
            told, said, said_at = max(done, told + LEAST_STEP), words, now
            await report(told, float(len(jobs)), words)
        await anyio.sleep(LOOK_SECONDS)


def pictures_done(jobs: Rows) -> float:
    """Of the pictures, with parts of those that are being drawn."""
    return sum(1.0 if job["state"] in ENDED else job["percent"] / 100 for job in jobs)


def words_of(jobs: Rows) -> str:
    """One sentence about all of them."""
    drawn = [job for job in jobs if job["state"] == "running"]
    if drawn:
        ready = sum(job["state"] in ENDED for job in jobs)
        return f"Drawing, {drawn[0]['percent']} %; {ready} of {counted(len(jobs), 'picture')} ready."
    waiting = next((job for job in jobs if job["state"] == "queued"), None)
    if waiting is None or waiting["place"] is None:
        return "Waiting."
    seconds = waiting["seconds_until_start"]
    begins = "" if seconds is None else f", about {seconds} s until it starts"
    return f"Waiting at place {waiting['place']}{begins}."
