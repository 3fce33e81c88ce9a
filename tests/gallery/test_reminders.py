"""Moderators are mailed once more before the time of a notice runs out, unless it is answered or in hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from gallery.claims import claim, release_claim
from gallery.models import Notice
from gallery.notices import dismiss
from gallery.tasks import remind_of_notices
from tests.gallery.conftest import Publish
from tests.gallery.test_notices import sent


def left(notice: Notice, hours: float) -> Notice:
    """Its clock stands so many hours before its end."""
    due_at = timezone.now() + timedelta(hours=hours)
    Notice.objects.filter(pk=notice.pk).update(due_at=due_at, received_at=due_at - timedelta(hours=48))
    notice.refresh_from_db()
    return notice


@pytest.fixture
def notice(alice: User, bob: User, publish: Publish) -> Notice:
    made = sent(publish(alice))
    mail.outbox.clear()
    return made


def test_it_works(notice: Notice, bob: User, dora: User) -> None:
    left(notice, 12.5)
    assert remind_of_notices() == 0 and not mail.outbox
    left(notice, 11.5)
    assert remind_of_notices() == 1 and remind_of_notices() == 0, "once for each notice"
    assert sorted(each.to[0] for each in mail.outbox) == [bob.email, dora.email]
    assert notice.code in mail.outbox[0].subject and f"{notice.due_at:%H:%M} UTC" in str(mail.outbox[0].body)
    assert f"/admin/gallery/claim/notice/{notice.pk}/" in str(mail.outbox[0].body)


def test_what_is_late_is_told_as_late(notice: Notice) -> None:
    left(notice, -1)
    assert remind_of_notices() == 1
    assert "that is over" in str(mail.outbox[0].body) and "was due" in mail.outbox[0].subject


def test_not_while_somebody_has_it_in_hand(notice: Notice, bob: User) -> None:
    left(notice, 3)
    claim(bob, "notice", notice.pk)
    assert remind_of_notices() == 0
    release_claim(bob, "notice", notice.pk)
    assert remind_of_notices() == 1


def test_not_what_is_answered(notice: Notice, bob: User) -> None:
    dismiss(bob, left(notice, 3), "It shows a tree.")
    mail.outbox.clear()
    assert remind_of_notices() == 0 and not mail.outbox


def test_of_a_short_time_not_at_once(alice: User, bob: User, publish: Publish, settings: Settings) -> None:
    settings.NOTICE_HOURS = 4
    made = sent(publish(alice), "illegal")
    assert remind_of_notices() == 0, "they have just been told"
    now = timezone.now()
    later = {"received_at": now - timedelta(hours=2, minutes=1), "due_at": now + timedelta(hours=1, minutes=59)}
    Notice.objects.filter(pk=made.pk).update(**later)
    assert remind_of_notices() == 1


def test_never_where_it_is_switched_off(notice: Notice, settings: Settings) -> None:
    settings.NOTICE_REMINDER_HOURS = 0
    left(notice, 1)
    assert remind_of_notices() == 0 and not mail.outbox
