"""What is new for somebody, as one mail a day for who has asked for it; nothing new, no mail."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.mail import tell
from accounts.models import User
from gallery import news, notifying

PAUSE = timedelta(hours=24)
MOST_LINES = 20
AT_ONCE = 500
"""People in one round; the next round goes on."""


def send_digests() -> int:
    """Send what is due; how many mails."""
    before = timezone.now() - PAUSE
    due = Q(digest_at=None) | Q(digest_at__lte=before)
    people = User.objects.filter(due, wants_digest=True, is_active=True).order_by("digest_at", "pk")[:AT_ONCE]
    return sum(_send(user) for user in list(people))


def _send(user: User) -> bool:
    """Claims the day first, so that two rounds at once send one mail."""
    since, now = user.digest_at, timezone.now()
    if not User.objects.filter(pk=user.pk, digest_at=since, wants_digest=True).update(digest_at=now):
        return False
    fresh = notifying.newest_of(user).filter(read_at=None)
    if since is not None:
        fresh = fresh.filter(at__gt=since)
    lines = [line.sentence for line in notifying.lines_of(fresh.order_by("-at", "-pk")[:MOST_LINES])]
    decided = news.decided_count(user)
    if not lines and not decided:
        return False
    address = settings.SITE_URL + reverse("notifications")
    off = settings.SITE_URL + reverse("account-notifications")
    subject = f"New for you on {settings.SITE_NAME}"
    tell(user, subject, "digest", lines=lines, decided=decided, url=address, off_url=off)
    return True
