"""What the frame of every page shows a signed-in person: credits left and the ring of pictures under way."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.credits import wallet_of
from generation.models import Job


def frame(request: HttpRequest) -> dict[str, Any]:
    """`credits_left` and `queue` {count, percent}; each is one query, made only when the page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "credits_left": SimpleLazyObject(lambda: wallet_of(user).balance),
        "queue": SimpleLazyObject(lambda: queue_of(user)),
    }


def queue_of(user: Any) -> dict[str, int]:
    """Jobs that wait or run, and the share of them that runs, as a percentage."""
    states = list(Job.objects.of(user).unfinished().values_list("state", flat=True))
    running = states.count(Job.State.RUNNING)
    return {"count": len(states), "percent": 100 * running // len(states) if states else 0}
