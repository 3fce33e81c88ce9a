"""What people say against a decision about them, and the answer: by somebody else than who decided.

Against a picture, a LoRA or a comment that was not accepted, taken down or hidden; against a strike, suspension or ban.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.mail import tell
from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, NotFound, Refusal
from gallery.claims import forget_claim, refuse_if_claimed
from gallery.models import Appeal, Comment, Decision, ModerationAct, Post, Release, Sanction, Subject
from gallery.moderation import MODERATORS, approve, only_moderators
from gallery.sanctions import APPEAL_DAYS, lift
from gallery.transitions import State, clean_reason
from gallery.words import one_line

Appealable: TypeAlias = Post | Release | Comment | Sanction
MODELS: dict[str, Any] = {
    Subject.POST: Post,
    Subject.RELEASE: Release,
    Subject.COMMENT: Comment,
    Subject.SANCTION: Sanction,
}
WORDS_CHARS = 1000
REFUSED_STATES = (State.REJECTED, State.TAKEN_DOWN, State.HIDDEN)
AGAINST = (Decision.Verb.REJECT, Decision.Verb.TAKE_DOWN, Decision.Verb.HIDE)


def thing_of(subject: str, code: str) -> Appealable | None:
    """What an appeal may be about."""
    found: Appealable | None = MODELS[subject].objects.filter(code=code).first() if subject in MODELS else None
    return found


def thing_about(appeal: Appeal) -> Appealable:
    """What this appeal is about."""
    thing: Appealable = MODELS[appeal.subject].objects.get(pk=appeal.subject_id)
    return thing


def decision_against(thing: Appealable) -> Any:
    """The decision that can be objected to now: a Decision, or the sanction itself. None where there is none."""
    if isinstance(thing, Sanction):
        in_force = Sanction.objects.in_force().filter(pk=thing.pk).exists()
        return thing if in_force else None
    if thing.state not in REFUSED_STATES:
        return None
    return thing.decisions.filter(verb__in=AGAINST).order_by("-pk").first()


def appeal_of(thing: Appealable) -> Appeal | None:
    """The appeal that was made against the decision that holds now."""
    decision = decision_against(thing)
    if decision is None:
        return None
    return Appeal.objects.filter(subject=_subject(thing), decision_id=decision.pk).first()


def send_appeal(person: User, thing: Appealable, words: str) -> Appeal:
    """Object to the decision that holds now; once for each.

    Raises NotFound for somebody else's, Conflict where there is nothing to object to, or no longer.
    """
    if _owner(thing) != person.pk:
        raise NotFound("not-found", "There is no such decision, or it is not about you.")
    decision = decision_against(thing)
    if decision is None:
        raise Conflict("nothing-decided", "There is no decision here that you could object to.")
    if decision.at < timezone.now() - timedelta(days=APPEAL_DAYS):
        raise Conflict("too-late", f"A decision may be objected to for {APPEAL_DAYS} days.")
    words = one_line(words)
    if not words:
        raise Refusal("words-missing", "Say why the decision is wrong.", field="words")
    if len(words) > WORDS_CHARS:
        raise Refusal("words-too-long", f"Say it in at most {WORDS_CHARS} characters.", field="words")
    try:
        with transaction.atomic():
            return Appeal.objects.create(
                author=person, subject=_subject(thing), subject_id=thing.pk, decision_id=decision.pk, words=words,
                at=timezone.now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict("already-appealed", "You have objected to this already; a moderator answers.") from error


def grant(moderator: User, appeal: Appeal, answer: str) -> None:
    """The author was right: the picture or LoRA is public again, or the sanction is lifted."""
    with transaction.atomic():
        appeal, answer = _open(moderator, appeal), clean_reason(answer, "whoever objected reads it")
        thing = thing_about(appeal)
        if isinstance(thing, Sanction):
            lift(moderator, thing, answer)
        elif thing.state in REFUSED_STATES:
            approve(moderator, thing, answer)
        _close(moderator, appeal, Appeal.State.GRANTED, ModerationAct.Verb.APPEAL_GRANTED, answer)


def refuse(moderator: User, appeal: Appeal, answer: str) -> None:
    """The decision stands."""
    with transaction.atomic():
        appeal, answer = _open(moderator, appeal), clean_reason(answer, "whoever objected reads it")
        _close(moderator, appeal, Appeal.State.REFUSED, ModerationAct.Verb.APPEAL_REFUSED, answer)


def deciders(appeal: Appeal) -> set[int]:
    """Who took part in the decision that it is against."""
    if appeal.subject == Subject.SANCTION:
        row = Sanction.objects.get(pk=appeal.subject_id)
        return {pk for pk in (row.by_id, row.confirmed_by_id) if pk}
    thing: Any = thing_about(appeal)
    return set(thing.decisions.filter(pk=appeal.decision_id).exclude(who=None).values_list("who", flat=True))


def _open(moderator: User, appeal: Appeal) -> Appeal:
    """The row, held until the transaction ends."""
    only_moderators(moderator)
    refuse_if_claimed(moderator, Subject.APPEAL, appeal.pk)
    if appeal.author_id == moderator.pk:
        raise NotAllowed("own-work", "This is your own appeal: another moderator answers it.")
    if moderator.pk in deciders(appeal) and _others_than(moderator, appeal):
        raise NotAllowed("same-person", "You took this decision: another moderator answers the appeal.")
    held = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if held.state != Appeal.State.OPEN:
        raise Conflict("closed", "This appeal has been answered already.")
    return held


def _others_than(moderator: User, appeal: Appeal) -> bool:
    """Whether anybody else could answer; a site with one moderator must answer, too."""
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(pk__in=[moderator.pk, appeal.author_id])
    staff = staff.exclude(pk__in=deciders(appeal))
    return staff.filter(is_superuser=True).exists() or staff.filter(groups__name=MODERATORS).exists()


def _close(moderator: User, appeal: Appeal, state: str, verb: str, answer: str) -> None:
    appeal.state, appeal.answer, appeal.decided_by, appeal.closed_at = state, answer, moderator, timezone.now()
    appeal.save(update_fields=["state", "answer", "decided_by", "closed_at"])
    ModerationAct.objects.create(
        who=moderator, verb=verb, subject=Subject.APPEAL, subject_id=appeal.pk, person=appeal.author, words=answer
    )
    forget_claim(Subject.APPEAL, appeal.pk)
    url = settings.SITE_URL + reverse("sent-in")
    tell(appeal.author, "What became of your appeal", "appeal_answered", appeal=appeal, url=url)


def _subject(thing: Appealable) -> str:
    return str(thing._meta.model_name)


def _owner(thing: Appealable) -> int:
    return thing.person_id if isinstance(thing, Sanction) else thing.author_id
