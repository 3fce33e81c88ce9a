"""What a copy says of the account itself: who one is here, by what one signs in, and who looked at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Q

from accounts.credits import wallet_of
from accounts.entrance_models import Visit
from accounts.models import User
from accounts.social import name_of
from config.exports.documents import ROWS_AT_ONCE
from generation.models import Draft, NamedPerson


def account(user: User) -> Iterator[dict[str, Any]]:
    draft = Draft.objects.filter(owner=user).first()
    yield {
        "name": user.get_username(),
        "email": user.email,
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "joined_at": user.date_joined,
        "last_sign_in_at": user.last_login,
        "plan": user.plan.name,
        "wants_digest": user.wants_digest,
        "credits": wallet_of(user).balance,
        "joined_by_invitation": user.invitation_id is not None,
        "given_by_groups": user.group_grants or {},
        "groups": list(user.groups.values_list("name", flat=True)),
        "names_in_other_programs": list(NamedPerson.objects.filter(person=user).values("subject", "created_at")),
        "draft_of_the_create_page": draft.fields if draft else {},
    }


def second_factors(user: User) -> Iterator[dict[str, Any]]:
    """What there is, and never the secrets."""
    for factor in Authenticator.objects.filter(user=user).order_by("pk"):
        yield {
            "kind": factor.type, "name": str(factor), "made_at": factor.created_at, "last_used_at": factor.last_used_at
        }  # fmt: skip


def connected_logins(user: User) -> Iterator[dict[str, Any]]:
    """Accounts elsewhere with which they sign in, and what those told the last time."""
    for row in SocialAccount.objects.filter(user=user).order_by("pk"):
        yield {
            "provider": name_of(row.provider), "id_there": row.uid, "connected_at": row.date_joined,
            "last_used_at": row.last_login, "told": row.extra_data,
        }  # fmt: skip


def visits(user: User) -> Iterator[dict[str, Any]]:
    """When the staff looked at their pages, and when they, of the staff, looked at somebody's."""
    rows = Visit.objects.filter(Q(person=user) | Q(by=user)).order_by("pk")
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        about = "your pages" if row.person_id == user.pk else "somebody's pages"
        yield {"about": about, "reason": row.reason, "began_at": row.began_at, "ended_at": row.ended_at or row.ends_at}
