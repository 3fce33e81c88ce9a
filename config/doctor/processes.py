"""Whether what should run does: workers of each queue, and the clock that wakes them."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.cache import cache
from kombu.exceptions import OperationalError

from accounts.refusals import counted
from config.celery import QUEUES, app
from config.doctor.findings import Line, fail, ok, reason
from generation.models import GpuWorker

ANSWER_SECONDS = 3.0
BEAT_SEEN = "beat-seen"
BEAT_SEEN_SECONDS = 120
"""Beat asks a worker every 30 s to say so; a busy one may be late."""

WITHOUT = {
    "gpu": "No picture is drawn",
    "training": "Nothing is trained",
    "default": "No mail leaves, and nothing is recovered or cleared away",
}


def workers() -> Iterator[Line]:
    """By Celery's own asking, and by the rows in which those that draw report."""
    try:
        answers = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    except (OperationalError, OSError) as error:
        yield fail("workers", f"They cannot be asked: {reason(error)}.", "See the line about the broker.")
        return
    by_queue = {name: [node for node, queues in answers.items() if name in names(queues)] for name in QUEUES}
    for name, nodes in by_queue.items():
        if nodes:
            yield ok("workers", f"{counted(len(nodes), 'worker')} of the queue “{name}”.")
        else:
            command = f"`celery -A config worker -P threads -Q {name}`"
            yield fail("workers", f"{WITHOUT[name]}: no worker of the queue “{name}” answers.", f"Start {command}.")
    if by_queue["gpu"] and not GpuWorker.objects.alive().exists():
        said = "A worker that draws answers, but none has reported to the database lately."
        yield fail("workers", said, "See that it uses this site's DATABASE_URL, and what its log says.")


def names(queues: list[dict[str, str]]) -> set[str]:
    return {queue["name"] for queue in queues}


def note_beat() -> None:
    """Called by a worker whenever beat asks for it."""
    cache.set(BEAT_SEEN, True, BEAT_SEEN_SECONDS)


def beat() -> Iterator[Line]:
    if cache.get(BEAT_SEEN):
        yield ok("beat", "The clock runs, and a worker follows it.")
    else:
        said = f"For {BEAT_SEEN_SECONDS} s the clock has woken no worker: nothing is recovered, mailed or cleared away."
        yield fail("beat", said, "Start one `python -m config.beat`, and a worker of the queue “default”.")
