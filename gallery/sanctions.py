"""What moderators do about people: strikes that expire, suspensions for a time, and bans, which two confirm.

A strike only counts; who is suspended publishes nothing; who is banned cannot sign in, for good or for a time. What
they published stays until a moderator takes it down.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.closing import let_back_in, shut_out
from accounts.mail import tell
from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery.claims import forget_claim, refuse_if_claimed
from gallery.models import ModerationAct, Sanction, Subject
from gallery.moderation import is_moderator, only_moderators
from gallery.transitions import clean_reason

Act = ModerationAct.Verb
SUSPENSION_DAYS = (1, 3, 7, 30, 90)
APPEAL_DAYS = 180
"""How long a decision may be objected to: the six months of the Digital Services Act, article 20."""
signer = TimestampSigner(salt="gallery.sanctions")


def strike(moderator: User, person: User, reason: str) -> Sanction:
    """Count a breach against somebody, for STRIKE_DAYS; they are told."""
    ends_at = timezone.now() + timedelta(days=settings.STRIKE_DAYS)
    return _impose(moderator, person, Sanction.Kind.STRIKE, reason, Act.STRIKE, ends_at=ends_at)


def suspend(moderator: User, person: User, reason: str, days: int) -> Sanction:
    """Let somebody publish nothing for some days."""
    if days not in SUSPENSION_DAYS:
        choices = ", ".join(map(str, SUSPENSION_DAYS))
        raise Refusal("bad-days", f"A suspension lasts {choices} days.", field="days")
    ends_at = timezone.now() + timedelta(days=days)
    return _impose(moderator, person, Sanction.Kind.SUSPENSION, reason, Act.SUSPEND, ends_at=ends_at)


def ban(moderator: User, person: User, reason: str) -> Sanction:
    """Let somebody in no more. With BANS_NEED_TWO it is only proposed, and `confirm_ban` by another carries it out."""
    if not settings.BANS_NEED_TWO:
        with transaction.atomic():
            made = _impose(moderator, person, Sanction.Kind.BAN, reason, Act.BAN)
            shut_out(person, made.reason)
        return made
    state = Sanction.State.PROPOSED
    return _impose(moderator, person, Sanction.Kind.BAN, reason, Act.BAN_PROPOSED, state=state)


def shut_account(moderator: User, person: User, reason: str, until: datetime | None) -> Sanction:
    """Ban somebody at once, without a second moderator, for good or until a time: of administrators alone.

    What waits to be drawn for them is not known here; see `config.suspension`.
    """
    if not moderator.has_perm("accounts.suspend_user"):
        raise NotAllowed("not-an-administrator", "Only who may suspend accounts does this; propose a ban instead.")
    if until is not None and until <= timezone.now():
        raise Refusal("bad-until", "The end lies in the past.", field="until")
    with transaction.atomic():
        made = _impose(moderator, person, Sanction.Kind.BAN, reason, Act.BAN, ends_at=until)
        shut_out(person, made.reason, until)
    return made


def confirm_ban(moderator: User, sanction: Sanction) -> None:
    """Carry out what another moderator proposed. NotAllowed for whoever proposed it."""
    with transaction.atomic():
        _second(moderator, sanction)
        if sanction.person.deletion_due_at is not None:
            raise Conflict("account-closed", "They have closed their account meanwhile.")
        _move(sanction, Sanction.State.PROPOSED, Sanction.State.ACTIVE, confirmed_by=moderator)
        shut_out(sanction.person, sanction.reason)
        _record(moderator, Act.BAN, sanction, sanction.reason)
        _tell(sanction)


def refuse_ban(moderator: User, sanction: Sanction, words: str = "") -> None:
    """Do not carry out what was proposed; whoever proposed it may take it back so, too."""
    with transaction.atomic():
        _may_decide(moderator, sanction.person)
        refuse_if_claimed(moderator, Subject.SANCTION, sanction.pk)
        _move(sanction, Sanction.State.PROPOSED, Sanction.State.REFUSED)
        _record(moderator, Act.BAN_REFUSED, sanction, words)


def lift(moderator: User, sanction: Sanction, words: str = "") -> None:
    """End a sanction before its time; who was banned may come in again."""
    with transaction.atomic():
        _may_decide(moderator, sanction.person)
        _move(sanction, Sanction.State.ACTIVE, Sanction.State.LIFTED)
        if sanction.kind == Sanction.Kind.BAN:
            let_back_in(sanction.person)
        _record(moderator, Act.LIFT, sanction, words)
        tell(sanction.person, f"{sanction.get_kind_display()} lifted", "sanction_lifted", sanction=sanction)


def refuse_suspended(user: User) -> None:
    """Raises NotAllowed for who may publish nothing now. One query."""
    kinds = [Sanction.Kind.SUSPENSION, Sanction.Kind.BAN]
    row = Sanction.objects.of(user).in_force().filter(kind__in=kinds).order_by("-ends_at").first()
    if row is not None:
        until = f" until {row.ends_at:%-d %B %Y, %H:%M} UTC" if row.ends_at else ""
        raise NotAllowed("suspended", f"You are suspended{until}: {row.reason}")


def strikes_of(user: User) -> int:
    """How many count now."""
    return Sanction.objects.of(user).in_force().filter(kind=Sanction.Kind.STRIKE).count()


def appeal_token(sanction: Sanction) -> str:
    """Stands in the mail: who is banned cannot sign in to object."""
    return signer.sign(sanction.code)


def sanction_of(token: str) -> Sanction | None:
    """The sanction that a mail's token stands for; None for one that never was, or is too old."""
    try:
        code = signer.unsign(token, max_age=timedelta(days=APPEAL_DAYS))
    except BadSignature:
        return None
    return Sanction.objects.filter(code=code).select_related("person").first()


def _impose(
    moderator: User,
    person: User,
    kind: str,
    reason: str,
    verb: str,
    state: str = Sanction.State.ACTIVE,
    **fields: object,
) -> Sanction:
    _may_decide(moderator, person)
    reason = clean_reason(reason, "they read it")
    if person.deletion_due_at is not None:
        raise Conflict("account-closed", "They have closed their account.")
    # A ban that has run out has let them in again, and stands in the way of no other.
    bans = Sanction.objects.of(person).filter(kind=Sanction.Kind.BAN, state=Sanction.State.ACTIVE)
    try:
        with transaction.atomic():
            bans.filter(ends_at__lte=timezone.now()).update(state=Sanction.State.LIFTED)
            made = Sanction.objects.create(
                kind=kind, state=state, person=person, reason=reason, by=moderator, at=timezone.now(), **fields
            )
            _record(moderator, verb, made, reason)
            if state == Sanction.State.ACTIVE:
                _tell(made)
    except IntegrityError as error:
        raise Conflict("banned-already", "They are banned already, or a ban waits to be confirmed.") from error
    return made


def _may_decide(moderator: User, person: User) -> None:
    """Of moderators only who runs the site decides about staff, and nobody about themselves."""
    only_moderators(moderator)
    if person.pk == moderator.pk:
        raise NotAllowed("oneself", "This is you: another moderator decides about it.")
    if (is_moderator(person) or person.is_superuser) and not moderator.is_superuser:
        raise NotAllowed("staff", "They are staff: whoever runs the site decides about them.")


def _second(moderator: User, sanction: Sanction) -> None:
    _may_decide(moderator, sanction.person)
    refuse_if_claimed(moderator, Subject.SANCTION, sanction.pk)
    if sanction.by_id == moderator.pk:
        raise NotAllowed("same-person", "You proposed it: another moderator has to confirm it.")


def _move(sanction: Sanction, source: str, target: str, **fields: object) -> None:
    if not Sanction.objects.filter(pk=sanction.pk, state=source).update(state=target, **fields):
        raise Conflict("changed-meanwhile", "Somebody else was quicker; look at it again.")
    sanction.refresh_from_db()
    forget_claim(Subject.SANCTION, sanction.pk)


def _record(moderator: User, verb: str, sanction: Sanction, words: str) -> None:
    ModerationAct.objects.create(
        who=moderator, verb=verb, subject=Subject.SANCTION, subject_id=sanction.pk, person=sanction.person, words=words
    )


def _tell(sanction: Sanction) -> None:
    url = settings.SITE_URL + reverse("appeal-by-mail", args=[appeal_token(sanction)])
    subject = {"strike": "A strike against your account", "suspension": "You are suspended", "ban": "You are banned"}
    tell(sanction.person, subject[sanction.kind], "sanction", sanction=sanction, url=url)
