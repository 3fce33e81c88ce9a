"""Whether the broker is there, and a message left for each worker that should be at work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models.functions import Now

from generation.audit.findings import Check, Finding
from generation.jobs import upkeep
from generation.messages import broker
from generation.models import GpuWorker, Job
from generation.models.leases import RESEND_AFTER

HEARD_WITHIN = timedelta(seconds=10)
"""Between a worker's taking a wake-up and its claiming a job; and longer by far."""


def lost_wakeups() -> Iterator[Finding]:
    """Pictures wait, a worker lives and is idle, and no message is left that would wake it."""
    slots = sum(GpuWorker.objects.alive().values_list("slots", flat=True))
    # What was announced longer ago is announced again by upkeep.
    heard = Job.objects.queued().filter(announced_at__range=(Now() - RESEND_AFTER, Now() - HEARD_WITHIN))
    if slots and heard.exists() and not Job.objects.running().exists() and broker.waiting_wakeups() == 0:
        resend = partial(upkeep.wake_for, slots)
        yield Finding("wakeups-lost", "broker", "Pictures wait beside an idle worker; wake it.", resend)


def silent_broker() -> Iterator[Finding]:
    if fault := broker.fault():
        yield Finding("broker-away", "broker", f"No worker can be woken until it is back: {fault}")


CHECKS: tuple[Check, ...] = (lost_wakeups, silent_broker)
