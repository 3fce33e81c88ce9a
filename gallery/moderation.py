"""The moderators' verbs, and the report that calls them. Each decision is written beside the change it made.

Nobody decides about what they sent in themselves, superusers neither; nor about what another moderator has in hand.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, Refusal
from accounts.second_factor import SENTENCE, lacks_second_factor
from gallery.claims import forget_claim, refuse_if_claimed
from gallery.lineage import tell_of_remix, untell_of_remix
from gallery.models import Comment, CommentReport, Decision, Post, Release, Report
from gallery.transitions import Move, State, move
from gallery.words import one_line

MODERATORS = "moderator"
"""The group whose staff decides; superusers may, too."""
WORDS_CHARS = 500
UNDO_SECONDS = 60
"""How long a moderator may take a decision back; longer than the screen offers it, since an answer may come late."""
NEVER_PUBLIC = (State.PENDING, State.REJECTED)
"""From here a post becomes public as something new; from elsewhere it returns."""
TAKEN_BACK = (Decision.Verb.APPROVE, Decision.Verb.REJECT, Decision.Verb.TAKE_DOWN, Decision.Verb.KEEP)


def is_moderator(user: Any) -> bool:
    if not (user.is_active and user.is_staff):
        return False
    return bool(user.is_superuser or user.groups.filter(name=MODERATORS).exists())


def approve(moderator: User, thing: Post | Release | Comment, reason: str = "") -> Any:
    """Let everybody see a post, or use a LoRA, from now on. Conflict when its author has deleted it."""
    only_moderators(moderator)
    _can_be_public(thing)
    # What was only hidden returns to its place among the others.
    hidden = thing.state == State.HIDDEN and thing.approved_at is not None
    approved_at = thing.approved_at if hidden else timezone.now()
    with transaction.atomic():
        decision = _decide(moderator, thing, Decision.Verb.APPROVE, reason, approved_at=approved_at)
        if isinstance(thing, Post) and decision.from_state in NEVER_PUBLIC:
            tell_of_remix(thing)
    return decision


def reject(moderator: User, thing: Post | Release | Comment, reason: str) -> Any:
    """Keep what waits out; its author reads the reason and may send it in again."""
    return _decide(moderator, thing, Decision.Verb.REJECT, reason)


def take_down(moderator: User, thing: Post | Release | Comment, reason: str) -> Any:
    """Remove what is public for good; its author reads the reason."""
    return _decide(moderator, thing, Decision.Verb.TAKE_DOWN, reason, approved_at=None)


def keep(moderator: User, thing: Post | Comment, reason: str = "") -> Any:
    """Leave what is reported where it is; its reports are closed."""
    return _decide(moderator, thing, Decision.Verb.KEEP, reason)


def undo(moderator: User, thing: Post | Release | Comment) -> Any:
    """Take one's own last decision back: the thing is where it was, and its reports are open again.

    Conflict when somebody has acted since, or after UNDO_SECONDS.
    """
    only_moderators(moderator)
    last, now = thing.last_decision, timezone.now()
    if last is None or last.verb not in TAKEN_BACK or last.who_id != moderator.pk:
        raise Conflict("nothing-to-undo", "Your decision was not the last one; look at it again.")
    if last.at < now - timedelta(seconds=UNDO_SECONDS):
        raise Conflict("too-late-to-undo", "It is too late to undo this; decide again instead.")
    source, target = State(last.to_state), State(last.from_state)
    # What waits again is no news, and a report that is open again never was.
    way = Move((source,), target, is_news=None if source == target else target != State.PENDING)
    approved_at = thing.approved_at if target == State.HIDDEN else None
    if target == State.APPROVED:
        _can_be_public(thing)
        approved = thing.decisions.filter(verb=Decision.Verb.APPROVE).first()
        approved_at = thing.approved_at or (approved.at if approved else now)
    with transaction.atomic():
        decision = move(thing, Decision.Verb.UNDO, moderator, way=way, approved_at=approved_at)
        if not isinstance(thing, Release):
            thing.reports.filter(closed_at__gte=last.at).update(closed_at=None)
        if isinstance(thing, Post) and source == State.APPROVED and target in NEVER_PUBLIC:
            untell_of_remix(thing)
    return decision


def report(user: User, post: Post, reason: str, words: str = "") -> Report:
    """Point moderators at a public post, once from each person."""
    if not post.is_public:
        raise Conflict("not-public", "This picture is no longer in the gallery.")
    if post.author_id == user.pk:
        raise Refusal("own-post", "This picture is yours: you can withdraw it instead.")
    words = _complaint(reason, words)
    try:
        with transaction.atomic():
            made = Report.objects.create(user=user, post=post, reason=reason, words=words)
            _hide_if_reported_often(post)
            return made
    except IntegrityError as error:
        raise Conflict("already-reported", "You have reported this picture already. A moderator will look.") from error


def report_comment(user: User, comment: Comment, reason: str, words: str = "") -> CommentReport:
    """Point moderators at a comment, once from each person; its words are kept with the complaint."""
    if comment.state != State.APPROVED or not comment.post.is_public:
        raise Conflict("not-public", "This comment is no longer there.")
    if comment.author_id == user.pk:
        raise Refusal("own-comment", "This comment is yours: you can delete it instead.")
    words = _complaint(reason, words)
    try:
        with transaction.atomic():
            made = CommentReport.objects.create(
                user=user, comment=comment, quoted=comment.words, reason=reason, words=words
            )
            _hide_if_reported_often(comment)
            return made
    except IntegrityError as error:
        raise Conflict("already-reported", "You have reported this comment already. A moderator will look.") from error


def _complaint(reason: str, words: str) -> str:
    """The words of a report, on one line. Raises Refusal for an unknown reason or too many of them."""
    if reason not in Report.Reason.values:
        raise Refusal("bad-reason", "Choose one of the reasons.", field="reason")
    words = one_line(words)
    if len(words) > WORDS_CHARS:
        raise Refusal("words-too-long", f"Say it in at most {WORDS_CHARS} characters.", field="words")
    return words


def _hide_if_reported_often(thing: Post | Comment) -> None:
    """Take a post or a comment out of sight when enough people have reported it, until a moderator has looked.

    Once: where a moderator has looked and left it public, further reports only ask for another look.
    """
    enough = settings.REPORTS_TO_HIDE
    if not enough or thing.reports.filter(closed_at=None).count() < enough:
        return
    if thing.decisions.filter(verb__in=[Decision.Verb.HIDE, Decision.Verb.KEEP]).exists():
        return
    with suppress(Conflict):  # its author or a moderator was quicker
        move(thing, Decision.Verb.HIDE, None, f"{enough} people reported it.")


def _decide(moderator: User, thing: Post | Release | Comment, verb: Decision.Verb, reason: str, **changes: Any) -> Any:
    only_moderators(moderator)
    if thing.author_id == moderator.pk:
        raise NotAllowed("own-work", "This is your own: another moderator decides about it.")
    with transaction.atomic():
        refuse_if_claimed(moderator, thing._meta.model_name or "", thing.pk)
        decision = move(thing, verb, moderator, reason, **changes)
        forget_claim(thing._meta.model_name or "", thing.pk)
        if not isinstance(thing, Release):
            thing.reports.filter(closed_at=None).update(closed_at=timezone.now())
    return decision


def _can_be_public(thing: Post | Release | Comment) -> None:
    if isinstance(thing, Post) and (thing.image is None or thing.image.deleted_at is not None):
        raise Conflict("picture-deleted", "Its owner has deleted this picture.")
    if thing.author.deletion_due_at is not None:
        raise Conflict("author-left", "Its author has closed their account.")
    if isinstance(thing, Release) and (thing.lora is None or not thing.lora.is_enabled):
        raise Conflict("lora-gone", "This LoRA was deleted, or it is quarantined.")


def only_moderators(user: User) -> None:
    if not is_moderator(user):
        raise NotAllowed("not-a-moderator", "Only moderators decide about posts.")
    if lacks_second_factor(user):
        raise NotAllowed("no-second-factor", SENTENCE)
