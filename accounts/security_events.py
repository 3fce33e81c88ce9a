"""The log of security and staff acts: who did what to whom, from where and when. It is added to, and read.

Only two things are ever taken from it: events older than SECURITY_LOG_DAYS, and the address of somebody who is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import SecurityEvent, SecurityLogMaintenance, User

logger = structlog.get_logger(__name__)

ROWS_AT_ONCE = 500


def record(kind: str, *, who: Any = None, whom: Any = None, **details: Any) -> None:
    """Add one, within the caller's transaction: what is undone was not done. Address and request are this request's.

    `kind` says what was done in the words of an address, such as `token-made`. `who` did it; None stands for who is
    signed in, if somebody is. `details` are JSON, and tell no name, address or secret: they outlive their person.
    """
    context = structlog.contextvars.get_contextvars()
    who_id = who.pk if who is not None else _number(context.get("user_id"))
    event = SecurityEvent(
        kind=kind,
        who_id=who_id,
        whom_id=whom.pk if whom is not None else None,
        address=str(context.get("ip") or "")[:45],
        request_id=str(context.get("request_id") or "")[:64],
        details=details,
    )
    event.save()
    # For whoever keeps the log elsewhere, out of reach of this machine.
    logger.info("security_event", kind=kind, who=who_id, whom=event.whom_id, details=details)


def _number(value: object) -> int | None:
    """The person of the request as django-structlog has it: the number of a row, or nothing."""
    return int(str(value)) if value is not None and str(value).isdigit() else None


def history_of(user: User) -> Iterator[dict[str, Any]]:
    """What happened to the person's account, oldest first; of the staff neither who it was nor their address."""
    events = SecurityEvent.objects.filter(Q(who=user) | Q(whom=user)).order_by("pk")
    for event in events.iterator(chunk_size=ROWS_AT_ONCE):
        by_staff = event.who_id not in (None, user.pk)
        yield {
            "at": event.at,
            "kind": event.kind,
            "by": "staff" if by_staff else "you" if event.who_id else "not signed in",
            "address": "" if by_staff else event.address,
            "details": event.details,
        }


def forget_addresses(user: User) -> int:
    """Empty the addresses from which the person acted, and from which somebody tried to be them; how many."""
    theirs = Q(who=user) | Q(who=None, whom=user)
    with _maintenance():
        return _rows().filter(theirs).exclude(address="").update(address="")


def prune_events() -> int:
    """Delete what is older than SECURITY_LOG_DAYS, and record how much that was."""
    before = timezone.now() - timedelta(days=settings.SECURITY_LOG_DAYS)
    with _maintenance():
        gone, _ = _rows().filter(at__lt=before).delete()
        if gone:
            record("log-pruned", events=gone, before=before.isoformat(timespec="seconds"))
    return gone


def _rows() -> models.QuerySet[SecurityEvent]:
    """Without the rule that rows stay, which the database holds besides."""
    return models.QuerySet(SecurityEvent)


@contextmanager
def _maintenance() -> Iterator[None]:
    with transaction.atomic():
        row = SecurityLogMaintenance.objects.create()
        yield
        row.delete()
