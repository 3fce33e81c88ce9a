"""What a moderator can do about each kind of case: the name in the form, its label, and the verb that is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, NotFound, Refusal
from gallery import appeals, moderation, notices, sanctions
from gallery.claims import claim, forget_claim, refuse_if_claimed, release_claim
from gallery.models import Appeal, Comment, ModerationAct, Notice, Post, Release, Sanction, Subject
from gallery.screening import block_picture
from gallery.transitions import MOVES, State
from gallery.words import one_line
from generation.models import SafeguardRecord

NOTE_CHARS = 1000
DECIDED = (Subject.POST, Subject.RELEASE, Subject.COMMENT)
"""What changes its state by a Decision."""
MODELS: Mapping[str, Any] = {
    Subject.POST: Post,
    Subject.RELEASE: Release,
    Subject.COMMENT: Comment,
    Subject.NOTICE: Notice,
    Subject.SAFEGUARD: SafeguardRecord,
    Subject.APPEAL: Appeal,
    Subject.SANCTION: Sanction,
    Subject.PERSON: User,
}
RELATED: Mapping[str, tuple[str, ...]] = {
    Subject.POST: ("author", "image", "fingerprint"),
    Subject.RELEASE: ("author", "lora"),
    Subject.COMMENT: ("author", "post"),
    Subject.SAFEGUARD: ("user", "version"),
    Subject.APPEAL: ("author",),
    Subject.SANCTION: ("person", "by"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """`key` is the letter that presses it; `is_no` asks for a reason first."""

    verb: str
    label: str
    run: Callable[[User, Any, str], Any]
    key: str = ""
    is_no: bool = False


def thing_at(subject: str, key: int) -> Any:
    """What a case is about. Raises NotFound."""
    model = MODELS.get(subject)
    rows = model.objects.filter(pk=key) if model else None
    if rows is not None and RELATED.get(subject):
        rows = rows.select_related(*RELATED[subject])
    thing = rows.first() if rows is not None else None
    if thing is None or getattr(thing, "state", "") == State.WITHDRAWN:
        raise NotFound("not-found", "There is no such case any more.")
    return thing


def choices_of(subject: str, thing: Any) -> list[Choice]:
    """What can be done about it now."""
    return [choice for choice in CHOICES.get(subject, ()) if choice.verb in _open(subject, thing)]


def decide(moderator: User, subject: str, key: int, verb: str, reason: str, also: Mapping[str, str]) -> str:
    """Do what was chosen, and what was ticked beside it: `strike` its author, `block` its picture. What was done.

    All of it or nothing. Raises Refusal.
    """
    with transaction.atomic():
        thing = thing_at(subject, key)
        choice = next((each for each in choices_of(subject, thing) if each.verb == verb), None)
        if choice is None:
            raise Conflict("wrong-state", "That cannot be done now; look at it again.")
        if choice.is_no and not reason.strip():
            raise Refusal("reason-missing", "Say why.", field="reason")
        choice.run(moderator, thing, reason)
        if also.get("strike") and choice.is_no and subject in (*DECIDED, Subject.SAFEGUARD):
            sanctions.strike(moderator, thing.user if subject == Subject.SAFEGUARD else thing.author, reason)
        if also.get("block") and choice.is_no and subject == Subject.POST:
            block_picture(moderator, thing, reason)
    return f"{choice.label}: {thing}."


def note(moderator: User, subject: str, key: int, words: str) -> ModerationAct:
    """Leave words for other moderators; nobody else reads them, and nobody changes them."""
    moderation.only_moderators(moderator)
    thing, words = thing_at(subject, key), one_line(words)
    if not 1 <= len(words) <= NOTE_CHARS:
        raise Refusal("bad-note", f"A note has 1 to {NOTE_CHARS} characters.", field="words")
    person = thing if isinstance(thing, User) else None
    return ModerationAct.objects.create(
        who=moderator, verb=ModerationAct.Verb.NOTE, subject=subject, subject_id=key, person=person, words=words
    )


def take(moderator: User, subject: str, key: int) -> None:
    """Have a case in hand."""
    moderation.only_moderators(moderator)
    thing_at(subject, key)
    claim(moderator, subject, key)


def lay_down(moderator: User, subject: str, key: int) -> None:
    moderation.only_moderators(moderator)
    release_claim(moderator, subject, key)


def see(moderator: User, record: SafeguardRecord, words: str) -> ModerationAct:
    """Say that what a rule noted was looked at. Conflict where somebody has."""
    moderation.only_moderators(moderator)
    if record.user_id == moderator.pk:
        raise NotAllowed("own-work", "This is your own: another moderator looks at it.")
    refuse_if_claimed(moderator, Subject.SAFEGUARD, record.pk)
    forget_claim(Subject.SAFEGUARD, record.pk)
    return ModerationAct.objects.create(
        who=moderator, verb=ModerationAct.Verb.SEEN, subject=Subject.SAFEGUARD, subject_id=record.pk,
        person=record.user, words=words[:NOTE_CHARS],
    )  # fmt: skip


def _was_seen(record: SafeguardRecord) -> bool:
    rows = ModerationAct.objects.filter(subject=Subject.SAFEGUARD, subject_id=record.pk)
    return rows.filter(verb=ModerationAct.Verb.SEEN).exists()


CHOICES: Mapping[str, tuple[Choice, ...]] = {
    Subject.POST: (
        Choice("approve", "Approve", moderation.approve, "a"),
        Choice("keep", "Keep", moderation.keep, "a"),
        Choice("reject", "Reject", moderation.reject, "r", is_no=True),
        Choice("take_down", "Take down", moderation.take_down, "r", is_no=True),
    ),
    Subject.NOTICE: (
        Choice("uphold", "Remove it and its copies", notices.uphold, "a", is_no=True),
        Choice("dismiss", "Do not remove it", notices.dismiss, "r", is_no=True),
    ),
    Subject.SAFEGUARD: (
        Choice("see", "Nothing to do", see, "a"),
        Choice("breach", "It breaks the rules", see, "r", is_no=True),
    ),
    Subject.APPEAL: (
        Choice("grant", "Undo the decision", appeals.grant, "a", is_no=True),
        Choice("refuse", "Let it stand", appeals.refuse, "r", is_no=True),
    ),
    Subject.SANCTION: (
        Choice("confirm", "Ban", lambda who, ban, _: sanctions.confirm_ban(who, ban), "a"),
        Choice("refuse", "Do not ban", sanctions.refuse_ban, "r"),
        Choice("lift", "Lift it", sanctions.lift, "l"),
    ),
    Subject.PERSON: (
        Choice("strike", "Strike", sanctions.strike, "", is_no=True),
        *(
            Choice(f"suspend-{days}", f"Suspend for {days} days", partial(sanctions.suspend, days=days), is_no=True)
            for days in sanctions.SUSPENSION_DAYS
        ),
        Choice("ban", "Ban", sanctions.ban, "", is_no=True),
    ),
}
CHOICES = {
    **CHOICES,
    Subject.COMMENT: CHOICES[Subject.POST],
    Subject.RELEASE: tuple(each for each in CHOICES[Subject.POST] if each.verb != "keep"),
}


def _open(subject: str, thing: Any) -> set[str]:
    """The verbs that lead somewhere from where it is."""
    if subject in DECIDED:
        ways = {str(verb) for verb, way in MOVES.items() if thing.state in way.sources}
        reported = subject != Subject.RELEASE and thing.reports.filter(closed_at=None).exists()
        return ways if reported else ways - {"keep"}
    if subject == Subject.SANCTION:
        return {Sanction.State.PROPOSED: {"confirm", "refuse"}, Sanction.State.ACTIVE: {"lift"}}.get(thing.state, set())
    if subject == Subject.SAFEGUARD:
        return set() if _was_seen(thing) else {"see", "breach"}
    if subject in (Subject.NOTICE, Subject.APPEAL):
        return {"uphold", "dismiss", "grant", "refuse"} if thing.state == "open" else set()
    return {choice.verb for choice in CHOICES[subject]}
