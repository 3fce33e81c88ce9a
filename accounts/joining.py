"""Who may join: anybody, who brings an invitation, or nobody; and at which domains their addresses must lie."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.entrance_models import Invitation
from accounts.models import User
from accounts.refusals import Conflict, NotAllowed

IN_SESSION = "invitation"
"""Under this name a session keeps the code of the link that was followed."""
NO_GOOD = "This invitation is not known, has been used, or has expired. Ask for another one."


def mode() -> str:
    """`open`, `invited` or `closed`."""
    return str(settings.SIGNUP) if settings.SIGNUP_OPEN else "closed"


def code_of(request: HttpRequest) -> str:
    """The code that this browser came with; empty where it brought none."""
    return str(request.session.get(IN_SESSION, ""))


def clean_code(code: str) -> str:
    """As it is kept, however it was typed: in small letters, without blanks and hyphens."""
    return code.strip().lower().replace("-", "").replace(" ", "")


def invitation_of(code: str) -> Invitation | None:
    """The invitation by which somebody may still join; None for a code that is no good."""
    found = Invitation.objects.filter(code=clean_code(code)).first() if code else None
    return found if found is not None and found.is_good else None


def use_invitation(user: User, code: str) -> None:
    """Count one use and give the new account the plan that goes with it. Within the transaction that makes it.

    Raises Conflict where the invitation is no good any more, and NotAllowed where one is needed and none was brought.
    """
    if not code:
        if mode() == "invited":
            raise NotAllowed("invitation-needed", "New accounts need an invitation here.", field="invitation")
        return
    good = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = Invitation.objects.filter(good, code=clean_code(code), used__lt=F("uses"))
    if not rows.update(used=F("used") + 1):  # in the update itself, so that two cannot take the last use
        raise Conflict("invitation-used", NO_GOOD, field="invitation")
    invitation = Invitation.objects.select_related("plan").get(code=clean_code(code))
    user.invitation = invitation
    if invitation.plan is not None:
        user.plan = invitation.plan
    user.save(update_fields=["invitation", "plan"])


def give_back(user: User) -> None:
    """The use of somebody who never finished signing up, for somebody else."""
    if user.invitation_id is not None:
        Invitation.objects.filter(pk=user.invitation_id, used__gt=0).update(used=F("used") - 1)


def refuse_other_domains(address: str) -> None:
    """Raises NotAllowed for an address that lies at none of SIGNUP_DOMAINS, where there are any."""
    domain = address.rpartition("@")[2].lower()
    if settings.SIGNUP_DOMAINS and domain not in settings.SIGNUP_DOMAINS:
        named = ", ".join(settings.SIGNUP_DOMAINS)
        raise NotAllowed("domain-not-allowed", f"Only addresses at {named} are taken here.", field="email")
