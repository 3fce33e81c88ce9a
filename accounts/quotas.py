"""What a plan allows: plain numbers in, QuotaExceeded out. It counts nothing itself; the caller brings the usage.

What the caller counts by rows is counted and written in one transaction, under `hold_account` or a lock of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat

from accounts.models import Plan, User
from accounts.refusals import QuotaExceeded, Refusal, counted

RETRY_AFTER = 10
"""Seconds until it is worth asking again whether a queue has room: a picture takes some."""


@dataclass(slots=True)
class Measures:
    """`stored_bytes(user)`: what a person's files take; `export_state(user)`: how the copy of their data stands.

    Whoever keeps files says so at start; none are known here.
    """

    stored_bytes: Callable[[User], int] = lambda user: 0
    export_state: Callable[[User], str] = lambda user: ""


measures = Measures()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person already has: jobs waiting, and bytes of kept images."""

    queued: int = 0
    stored_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for: pictures drawn of at most so many pixels and steps. `most` replaces the plan's own count.

    `result` are the pixels of what comes out of a second pass or an upscale; 0 where there is none.
    """

    pictures: int
    pixels: int
    steps: int
    most: int | None = None
    result: int = 0


def hold_account(user: User) -> None:
    """Until the transaction ends, whoever else adds to what this person has waits: many at once pass no limit.

    SQLite's transactions wait for each other anyway, from where they begin.
    """
    # Without the key: rows that point at the person are written beside it.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def enforce_quota(plan: Plan, usage: Usage, request: Request) -> None:
    """Raise a refusal, naming the limit, when the request goes past the plan."""
    most = plan.max_pictures if request.most is None else request.most
    if request.pictures > most:
        raise Refusal("too-many-pictures", f"Your plan makes {counted(most, 'picture')} at once.", field="count")
    if request.pixels > plan.max_pixels:
        raise Refusal("too-large", f"Your plan draws at most {plan.max_pixels:,} pixels a picture.", field="width")
    if request.result > plan.max_result_pixels:
        sentence = f"Your plan makes results of at most {plan.max_result_pixels:,} pixels."
        raise Refusal("result-too-large", sentence, field="scale")
    if request.steps > plan.max_steps:
        raise Refusal("too-many-steps", f"Your plan takes at most {counted(plan.max_steps, 'step')}.", field="steps")
    enforce_queue(plan, usage.queued, request.pictures)
    if usage.stored_bytes >= plan.storage_bytes:
        raise QuotaExceeded("storage-full", storage_full(plan, usage.stored_bytes))


def storage_full(plan: Plan, stored_bytes: int) -> str:
    held, most = filesizeformat(stored_bytes), filesizeformat(plan.storage_bytes)
    return f"Your files take {held} of the {most} of your plan. Delete some to make room."


def enforce_queue(plan: Plan, queued: int, more: int) -> None:
    """Raise QuotaExceeded when so many `more` jobs do not fit beside those that are queued."""
    if queued + more > plan.max_queued:
        held = f"your plan holds {plan.max_queued} in line"
        if more > plan.max_queued:
            raise QuotaExceeded("queue-full", f"These are {counted(more, 'picture')}; {held}. Make fewer at once.")
        sentence = f"You have {counted(queued, 'picture')} in line and {more} more would come; {held}."
        raise QuotaExceeded(
            "queue-full", f"{sentence} Wait for some to finish, or cancel a few.", retry_after=RETRY_AFTER
        )
