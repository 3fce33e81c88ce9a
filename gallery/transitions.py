"""The one way a post changes its state: a conditional update and its decision, in one transaction.

Who may ask for it is decided by `publishing` (authors) and `moderation` (moderators), which alone call this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from gallery.models import Decision, Post

State: TypeAlias = Post.State
Verb: TypeAlias = Decision.Verb
REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Move:
    """From which states a verb leads where, and whether it must say why."""

    sources: tuple[State, ...]
    target: State
    needs_reason: bool = False


MOVES = {
    Verb.PUBLISH: Move((State.REJECTED, State.WITHDRAWN), State.PENDING),
    Verb.WITHDRAW: Move((State.PENDING, State.APPROVED), State.WITHDRAWN),
    # A moderator may think again, but nobody publishes what its author withdrew.
    Verb.APPROVE: Move((State.PENDING, State.REJECTED, State.TAKEN_DOWN), State.APPROVED),
    Verb.REJECT: Move((State.PENDING,), State.REJECTED, needs_reason=True),
    Verb.TAKE_DOWN: Move((State.APPROVED,), State.TAKEN_DOWN, needs_reason=True),
    Verb.KEEP: Move((State.APPROVED,), State.APPROVED),
}


def move(post: Post, verb: Verb, who: User, reason: str = "", **changes: Any) -> Decision:
    """Change `post` from the state the caller saw it in. Conflict when it has changed since, or cannot take this way.

    `changes` are further fields, written by the same update.
    """
    wanted, reason = MOVES[verb], " ".join(reason.split())
    if wanted.needs_reason and not reason:
        raise Refusal("reason-missing", "Say why: the author reads it.", field="reason")
    if len(reason) > REASON_CHARS:
        raise Refusal("reason-too-long", f"Say it in at most {REASON_CHARS} characters.", field="reason")
    if post.state not in wanted.sources:
        raise Conflict(
            "wrong-state", f"This post is in the state “{post.get_state_display()}”; that cannot be done now."
        )
    with transaction.atomic():
        came_from = post.state
        rows = Post.objects.filter(pk=post.pk, state=came_from)
        if not rows.update(state=wanted.target, **changes):
            raise Conflict("changed-meanwhile", "Somebody else was quicker; look at the post again.")
        decision = record(post, verb, who, reason, came_from, wanted.target)
    post.refresh_from_db()
    return decision


def record(post: Post, verb: Verb, who: User, reason: str, from_state: str, to_state: str) -> Decision:
    made: Decision = Decision.objects.create(
        post=post, who=who, verb=verb, reason=reason, from_state=from_state, to_state=to_state
    )
    return made
