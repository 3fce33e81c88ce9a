"""Accounts that somebody began and never finished: a mistyped address must not keep its user name for ever."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.joining import give_back
from accounts.models import User
from accounts.security_events import forget_addresses

KEPT = timedelta(days=7)
"""Longer than the link lives: signing in sends another one."""


def prune_unfinished() -> int:
    """Delete accounts whose address was never confirmed and that nobody ever signed in with or gave anything.

    Those that an operator made have no unconfirmed address until somebody signs in, and so are not among them.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    unfinished = User.objects.filter(
        Exists(addresses), ~Exists(addresses.filter(verified=True)), last_login=None, wallet=None, visits_had=None,
        is_staff=False, is_superuser=False, is_active=True, date_joined__lt=timezone.now() - KEPT,
    )  # fmt: skip
    for user in (gone := list(unfinished)):
        give_back(user)
        forget_addresses(user)
        user.delete()
    return len(gone)
