"""The one way a post or a release changes its state: a conditional update and its decision, in one transaction.

Who may ask for it is decided by `publishing` (authors) and `moderation` (moderators), which alone call this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from gallery.models.moderated import Moderated, WrittenOnce
from gallery.words import one_line

State: TypeAlias = Moderated.State
Verb: TypeAlias = WrittenOnce.Verb
REASON_CHARS = 300
BATCH = 500


@dataclass(frozen=True, slots=True)
class Move:
    """From which states a verb leads where, whether it must say why, and whether its author is told of it.

    `is_news` None leaves what the author has not read yet as it is.
    """

    sources: tuple[State, ...]
    target: State
    needs_reason: bool = False
    is_news: bool | None = False


MOVES = {
    Verb.PUBLISH: Move((State.REJECTED, State.WITHDRAWN), State.PENDING),
    Verb.WITHDRAW: Move((State.PENDING, State.APPROVED, State.HIDDEN), State.WITHDRAWN),
    # A moderator may think again, but nobody publishes what its author withdrew.
    Verb.APPROVE: Move((State.PENDING, State.REJECTED, State.TAKEN_DOWN, State.HIDDEN), State.APPROVED, is_news=True),
    Verb.REJECT: Move((State.PENDING,), State.REJECTED, needs_reason=True, is_news=True),
    Verb.TAKE_DOWN: Move((State.APPROVED, State.HIDDEN), State.TAKEN_DOWN, needs_reason=True, is_news=True),
    Verb.KEEP: Move((State.APPROVED,), State.APPROVED, is_news=None),
    # By the number of reports, with nobody at it.
    Verb.HIDE: Move((State.APPROVED,), State.HIDDEN, is_news=True),
}


def clean_reason(reason: str, needed_since: str = "") -> str:
    """Why something was decided, on one line, as it is read. Refusal where it is too long, or needed and not there."""
    reason = one_line(reason)
    if needed_since and not reason:
        raise Refusal("reason-missing", f"Say why: {needed_since}.", field="reason")
    if len(reason) > REASON_CHARS:
        raise Refusal("reason-too-long", f"Say it in at most {REASON_CHARS} characters.", field="reason")
    return reason


def move(
    thing: Moderated, verb: Verb, who: User | None, reason: str = "", *, way: Move | None = None, **changes: Any
) -> Any:
    """Change a post or release from the state the caller saw it in; the decision that was written.

    Conflict when it has changed since, or cannot take this way. `way` is for a verb that has none in MOVES; `changes`
    are further fields, in the same update.
    """
    wanted = way or MOVES[verb]
    reason = clean_reason(reason, "the author reads it" if wanted.needs_reason else "")
    if thing.state not in wanted.sources:
        state, noun = thing.get_state_display(), thing._meta.verbose_name
        raise Conflict("wrong-state", f"This {noun} is in the state “{state}”; that cannot be done now.")
    if wanted.is_news is not None:
        changes["is_news"] = wanted.is_news
    with transaction.atomic():
        came_from = thing.state
        rows = type(thing)._default_manager.filter(pk=thing.pk, state=came_from)
        if not rows.update(state=wanted.target, **changes):
            raise Conflict("changed-meanwhile", "Somebody else was quicker; look at it again.")
        thing.state = wanted.target
        thing.follow()
        decision = record(thing, verb, who, reason, came_from, wanted.target)
    thing.refresh_from_db()
    return decision


def move_all(rows: QuerySet[Any], verb: Verb, who: User, **changes: Any) -> int:
    """Take all of these posts or releases that can go the way of a verb without a reason along it; how many.

    For thousands at once: a few statements for each state that they are in.
    """
    wanted, moved = MOVES[verb], 0
    changes["is_news"] = bool(wanted.is_news)
    with transaction.atomic():
        for source in wanted.sources:
            things = list(rows.filter(state=source).order_by("pk").select_for_update())
            for batch in (things[start : start + BATCH] for start in range(0, len(things), BATCH)):
                keys = [thing.pk for thing in batch]
                rows.model._default_manager.filter(pk__in=keys).update(state=wanted.target, **changes)
                batch[0].decisions.model.objects.bulk_create(
                    thing.decisions.model(
                        **{thing.decisions.field.name: thing},
                        who=who, verb=verb, from_state=source, to_state=wanted.target,
                    )
                    for thing in batch
                )  # fmt: skip
                for thing in batch:
                    thing.state = wanted.target
                    thing.follow()
            moved += len(things)
    return moved


def record(thing: Moderated, verb: Verb, who: User | None, reason: str, from_state: str, to_state: str) -> Any:
    return thing.decisions.create(who=who, verb=verb, reason=reason, from_state=from_state, to_state=to_state)
