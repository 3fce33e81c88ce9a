"""Visits: one of the staff sees somebody's pages as they see them, for support; looks, and changes nothing.

The session stays that of the staff, and holds the number of the visit; `config.visits` shows the pages.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.entrance_models import Visit
from accounts.mail import tell
from accounts.models import User
from accounts.refusals import NotAllowed, Refusal
from accounts.second_factor import lacks_second_factor
from accounts.staff_acts import note_act

IN_SESSION = "visit"
SHORTEST_REASON, LONGEST_REASON = 10, 300


def begin_visit(actor: User, person: User, reason: str) -> Visit:
    """A visit of VISIT_MINUTES, of which the person is told by mail.

    Raises NotAllowed for who may not, and of staff; Refusal without a written reason.
    """
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        sentence = f"Write why, in {SHORTEST_REASON} to {LONGEST_REASON} characters: it is kept, and mailed to them."
        raise Refusal("bad-reason", sentence, field="reason")
    refuse_visit(actor, person)
    now = timezone.now()
    ends_at = now + timedelta(minutes=settings.VISIT_MINUTES)
    with transaction.atomic():
        visit = Visit.objects.create(by=actor, person=person, reason=reason, began_at=now, ends_at=ends_at)
        note_act("visit-began", actor, person, f"Visited for support: {reason}")
        url = settings.SITE_URL + reverse("account-export")
        tell(person, "Support is looking at your pages", "visit_began", reason=reason, until=ends_at, url=url)
    return visit


def refuse_visit(actor: User, person: User) -> None:
    """Raises NotAllowed where one may not see the other's pages."""
    if not (actor.is_active and actor.is_staff and actor.has_perm("accounts.visit_people")):
        raise NotAllowed("visit-not-allowed", "You may not visit people's pages.")
    if lacks_second_factor(actor):
        raise NotAllowed("visit-not-allowed", "Set up a second factor first.")
    if person.is_staff or person.is_superuser or person.pk == actor.pk:
        raise NotAllowed("visit-not-allowed", "Pages of the staff are not visited.")
    if not person.is_active:
        raise NotAllowed("visit-not-allowed", "This account is closed or suspended: its pages are nobody's to see.")


def end_visit(visit: Visit) -> None:
    """Write down that it is over; once."""
    ended_at = min(timezone.now(), visit.ends_at)
    if Visit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=ended_at):
        note_act("visit-ended", visit.by, visit.person, "The visit for support is over.")


def visit_of(request: HttpRequest) -> Visit | None:
    """The visit that this session makes, standing or not; None where it makes none."""
    number = request.session.get(IN_SESSION)
    return Visit.objects.select_related("by", "person").filter(pk=number).first() if number else None


def is_standing(visit: Visit, actor: User) -> bool:
    """Whether it is this person's, neither ended nor run out, and both are still who they were when it began."""
    if visit.by_id != actor.pk or visit.ended_at is not None or visit.ends_at <= timezone.now():
        return False
    try:
        refuse_visit(actor, visit.person)
    except NotAllowed:
        return False
    return True


def end_unnoticed() -> int:
    """Write down the end of visits that ran out while nobody looked; how many."""
    over = list(Visit.objects.select_related("by", "person").filter(ended_at=None, ends_at__lte=timezone.now()))
    for visit in over:
        end_visit(visit)
    return len(over)
