"""Closing an account for good: nobody can come in by it again, and nothing tells any more who it was.

What the person made is not known here: `config.deletion` takes that away.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.models import ApiToken, OutgoingMail, User


def close_account(user: User) -> None:
    """Take away name, address, password, second factors, sessions, tokens and rights. May be repeated.

    The row stays under a name that tells nothing: wallet, ledger entries and decisions belong to it, and the sum of
    all entries must remain what was granted and spent.
    """
    with transaction.atomic():
        addresses = [user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)]
        OutgoingMail.objects.filter(recipient__in=addresses).delete()
        for ways_in in (EmailAddress, Authenticator, UserSession, ApiToken):
            ways_in.objects.filter(user=user).delete()
        user.groups.clear()
        user.user_permissions.clear()
        user.username, user.email = f"deleted-{user.code}", f"{user.code}@deleted.invalid"
        user.first_name = user.last_name = ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save(
            update_fields=[
                "username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "password",
            ]
        )  # fmt: skip
