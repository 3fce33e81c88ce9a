"""Moderators are reminded of notices whose time runs out: once of each, while nobody answers it or has it in hand."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gallery.claims import claims_of
from gallery.models import Notice, Subject
from gallery.notice_mail import remind_moderators

AT_ONCE = 100
"""Notices in one round; the next round goes on."""


def remind_of_notices() -> int:
    """Send what is due; of how many notices. Never where `NOTICE_REMINDER_HOURS` is 0."""
    if not settings.NOTICE_REMINDER_HOURS:
        return 0
    before = timezone.now() + timedelta(hours=settings.NOTICE_REMINDER_HOURS)
    rows = Notice.objects.filter(state=Notice.State.OPEN, reminded_at=None, due_at__lte=before)
    due = [notice for notice in rows.order_by("due_at", "pk")[:AT_ONCE] if _is_half_over(notice)]
    claimed = claims_of([(Subject.NOTICE, notice.pk) for notice in due])
    return sum(_remind(notice) for notice in due if (Subject.NOTICE, notice.pk) not in claimed)


def _is_half_over(notice: Notice) -> bool:
    """Moderators were told when it came: of a short time the second mail leaves no sooner than at its half."""
    now = timezone.now()
    return now - notice.received_at >= notice.due_at - now


@transaction.atomic
def _remind(notice: Notice) -> bool:
    """Marks it first, so that two rounds at once send one mail to each."""
    rows = Notice.objects.filter(pk=notice.pk, state=Notice.State.OPEN, reminded_at=None)
    if not rows.update(reminded_at=timezone.now()):
        return False
    remind_moderators(notice)
    return True
