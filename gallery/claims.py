"""Who has a case of the desk in hand: of two moderators who take the same one, the second is told who has it."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Conflict
from gallery.models import Claim

LEASE = timedelta(minutes=10)


def claim(moderator: User, subject: str, subject_id: int) -> Claim:
    """Take a case in hand, or prolong that. Conflict while somebody else has it."""
    now = timezone.now()
    rows = Claim.objects.filter(subject=subject, subject_id=subject_id)
    with transaction.atomic():
        taken = rows.filter(Q(by=moderator) | Q(until__lte=now)).update(by=moderator, until=now + LEASE)
        if not taken:
            try:
                with transaction.atomic():
                    Claim.objects.create(subject=subject, subject_id=subject_id, by=moderator, until=now + LEASE)
            except IntegrityError as error:
                raise _taken(rows.select_related("by").first()) from error
        return rows.get()


def refuse_if_claimed(moderator: User, subject: str, subject_id: int) -> None:
    """Raises Conflict while another moderator has the case in hand."""
    others = Claim.objects.filter(subject=subject, subject_id=subject_id, until__gt=timezone.now())
    if other := others.exclude(by=moderator).select_related("by").first():
        raise _taken(other)


def release_claim(moderator: User, subject: str, subject_id: int) -> None:
    """Lay a case down. May be repeated."""
    Claim.objects.filter(subject=subject, subject_id=subject_id, by=moderator).delete()


def forget_claim(subject: str, subject_id: int) -> None:
    """The case is decided."""
    Claim.objects.filter(subject=subject, subject_id=subject_id).delete()


def claims_of(cases: list[tuple[str, int]]) -> dict[tuple[str, int], Claim]:
    """The claims that hold on these cases (subject and key). One query."""
    wanted = Q(pk__in=[])
    for subject in {subject for subject, _ in cases}:
        wanted |= Q(subject=subject, subject_id__in=[key for which, key in cases if which == subject])
    rows = Claim.objects.filter(wanted, until__gt=timezone.now()).select_related("by")
    return {(row.subject, row.subject_id): row for row in rows}


def _taken(other: Claim | None) -> Conflict:
    who = f"{other.by.get_username()} has it in hand until {other.until:%H:%M} UTC" if other else "Somebody has it"
    return Conflict("claimed", f"{who}. Take another one.")
