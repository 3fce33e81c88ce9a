"""What the bar of every page shows a signed-in user: credits left, the ring of jobs under way, decisions to read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.credits import wallet_of
from generation.models import Job
from generation.web.access import asks_for_part
from generation.web.public_pictures import registry


def frame(request: HttpRequest) -> dict[str, Any]:
    """`credits_left`, `queue` {count, percent} and `news_count`, a query each.

    Not for fragments and the admin, which have no bar.
    """
    user = getattr(request, "user", None)
    match = request.resolver_match
    has_no_bar = request.headers.get("HX-Request") == "true" or (match is not None and match.app_name == "admin")
    if user is None or not user.is_authenticated or asks_for_part(request) or has_no_bar:
        return {}
    return {"credits_left": wallet_of(user).balance, "queue": queue_of(user), "news_count": registry.unread(user)}


def queue_of(user: Any) -> dict[str, int]:
    """Jobs that wait or run, and the share of them that runs, as a percentage."""
    states = list(Job.objects.of(user).unfinished().values_list("state", flat=True))
    running = states.count(Job.State.RUNNING)
    return {"count": len(states), "percent": 100 * running // len(states) if states else 0}
