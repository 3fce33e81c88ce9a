"""What groups of a single sign-on give and take: a plan, and being a moderator (SSO_GROUPS).

Only what a group gave is taken away again: a plan or a right that an administrator gave stays.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import Plan, User
from accounts.staff_acts import note_act

logger = structlog.get_logger(__name__)

MODERATORS = "moderators"
"""What a rule gives that makes moderators; anything else is the name of a plan."""
GROUP = "moderator"
PROVIDERS = ("openid_connect", "saml")
"""Of these the operator decides who is in which group."""


def groups_told(data: Any) -> set[str]:
    """The groups that a provider's answer names, by SSO_GROUPS_CLAIM: of its user info, its id token or attributes."""
    told: set[str] = set()
    for part in (data, *(data.get(name) for name in ("userinfo", "id_token"))) if isinstance(data, dict) else ():
        value = part.get(settings.SSO_GROUPS_CLAIM) if isinstance(part, dict) else None
        told.update([value] if isinstance(value, str) else filter(lambda each: isinstance(each, str), value or ()))
    # Keycloak writes them as paths.
    return {name.removeprefix("/") for name in told}


def apply_groups(user: User, groups: Collection[str]) -> None:
    """Give the person what their groups give, and take away what a group gave that they have left."""
    if not settings.SSO_GROUPS and not user.group_grants:
        return
    given = [gift for group, gift in settings.SSO_GROUPS if group in groups]
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        grants = dict(user.group_grants or {})
        _plan(user, next((gift for gift in given if gift != MODERATORS), ""), grants)
        _moderator(user, MODERATORS in given, grants)
        user.group_grants = grants or None
        user.save(update_fields=["plan", "is_staff", "group_grants"])


def _plan(user: User, name: str, grants: dict[str, Any]) -> None:
    before = user.plan
    if name:
        plan = Plan.objects.filter(name__iexact=name).first()
        if plan is None:
            logger.error("sso_plan_missing", plan=name)
            return
        if user.plan_id != plan.pk:
            grants.setdefault("plan_before", user.plan.name)
            grants["plan"] = plan.name
            user.plan = plan
    elif "plan" in grants:
        given, former = grants.pop("plan"), grants.pop("plan_before", "")
        if user.plan.name == given:
            user.plan = Plan.objects.filter(name=former).first() or Plan.default()
    if user.plan_id != before.pk:
        _tell(user, "sso-plan", f"Plan {before.name} became {user.plan.name}, by a group of the sign-on.")


def _moderator(user: User, is_one: bool, grants: dict[str, Any]) -> None:
    group = Group.objects.get_or_create(name=GROUP)[0]
    if is_one and not user.groups.filter(pk=group.pk).exists():
        grants["moderator"] = {"was_staff": user.is_staff}
        user.is_staff = True
        user.groups.add(group)
        _tell(user, "sso-moderator", "Became a moderator, by a group of the sign-on.")
    elif not is_one and "moderator" in grants:
        was_staff = grants.pop("moderator")["was_staff"]
        user.groups.remove(group)
        user.is_staff = was_staff or user.is_superuser
        _tell(user, "sso-moderator-ended", "Is no moderator any more: has left the group of the sign-on.")


def _tell(user: User, verb: str, words: str) -> None:
    note_act(verb, user, user, words)
