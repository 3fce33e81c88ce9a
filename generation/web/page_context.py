"""What the bar of every page shows a signed-in user: credits left, the ring of jobs under way, decisions to read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from generation.models import Job
from generation.models.counts import CountOf
from generation.web.access import asks_for_part
from generation.web.public_pictures import registry


def frame(request: HttpRequest) -> dict[str, Any]:
    """`credits_left`, `queue` {count, percent} and `news_count`, in one query.

    Not for fragments and the admin, which have no bar.
    """
    user = getattr(request, "user", None)
    match = request.resolver_match
    has_no_bar = request.headers.get("HX-Request") == "true" or (match is not None and match.app_name == "admin")
    if user is None or not user.is_authenticated or asks_for_part(request) or has_no_bar:
        return {}
    numbers = User.objects.filter(pk=user.pk).values_list("wallet__balance", *jobs_of(user), registry.unread(user))
    credits_left, count, running, news_count = numbers.get()
    return {"credits_left": credits_left or 0, "queue": queue(count, running), "news_count": news_count}


def queue_of(user: Any) -> dict[str, int]:
    return queue(*User.objects.filter(pk=user.pk).values_list(*jobs_of(user)).get())


def jobs_of(user: Any) -> tuple[CountOf, CountOf]:
    """Jobs of theirs that wait or run, and those of them that run."""
    jobs = Job.objects.of(user)
    return CountOf(jobs.unfinished()), CountOf(jobs.running())


def queue(count: int, running: int) -> dict[str, int]:
    """How many wait or run, and the share of them that runs, as a percentage."""
    return {"count": count, "percent": 100 * running // count if count else 0}
