"""Closing an account: at first so that its owner can take it back, then for good, and nothing tells who it was.

What the person made is not known here: `config.deletion` takes that away.
"""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiToken, OutgoingMail, User
from accounts.refusals import Conflict
from accounts.security_events import forget_addresses, record


def close_for_now(user: User, due_at: datetime) -> None:
    """Let nobody in by it, by any session or token, until its owner takes it back; its deletion is due at `due_at`.

    Conflict for the last administrator, without whom nobody could run the site, and for who is closed already.
    """
    with transaction.atomic():
        # All of them, so that the last two do not leave at once.
        administrators = set(
            User.objects.filter(is_superuser=True, is_active=True).select_for_update().values_list("pk", flat=True)
        )
        if administrators == {user.pk}:
            sentence = "You are the last administrator. Make somebody else one first, then delete your account."
            raise Conflict("last-administrator", sentence)
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False, deletion_due_at=due_at):
            raise Conflict("closed", "This account is closed already.")
        for session in UserSession.objects.filter(user=user):
            session.end()
        _end_tokens(user)
        record("account-closed", who=user, whom=user)
    user.refresh_from_db(fields=["is_active", "deletion_due_at"])


def take_back(user: User) -> None:
    """Open it again, as it was but for sessions and tokens. Conflict when its deletion has begun."""
    rows = User.objects.filter(pk=user.pk, is_active=False, deletion_due_at__gt=timezone.now())
    if not rows.update(is_active=True, deletion_due_at=None):
        raise Conflict("too-late", "This account is being deleted; it cannot be taken back any more.")
    record("account-taken-back", who=user, whom=user)
    user.refresh_from_db(fields=["is_active", "deletion_due_at"])


def close_account(user: User) -> None:
    """Take away name, address, password, connected logins, second factors, sessions, tokens, rights. May be repeated.

    The row stays under a name that tells nothing: wallet, ledger entries and decisions belong to it, and the sum of
    all entries must remain what was granted and spent.
    """
    with transaction.atomic():
        addresses = [user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)]
        OutgoingMail.objects.filter(recipient__in=addresses).delete()
        for ways_in in (EmailAddress, SocialAccount, Authenticator, UserSession, ApiToken, Token):
            ways_in.objects.filter(user=user).delete()
        user.groups.clear()
        user.user_permissions.clear()
        user.username, user.email = f"deleted-{user.code}", f"{user.code}@deleted.invalid"
        user.first_name = user.last_name = ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.last_login = user.group_grants = user.invitation = None
        user.set_unusable_password()
        # Due now, so that a deletion that was broken off goes on.
        user.deletion_due_at = user.deletion_due_at or timezone.now()
        user.save(
            update_fields=[
                "username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "password",
                "last_login", "deletion_due_at", "group_grants", "invitation",
            ]
        )  # fmt: skip
        # What administrators did to the account is told by its name.
        person = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=person, object_id=str(user.pk)).update(object_repr=user.username)
        forget_addresses(user)
        record("account-erased", whom=user)


def shut_out(user: User, reason: str = "", until: datetime | None = None) -> None:
    """Let nobody in by this account, by any session or token, until `until` or `let_back_in`; nothing is deleted.

    The reason is told where its person signs in.
    """
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False, shut_out_reason=reason, shut_out_until=until)
        for session in UserSession.objects.filter(user=user):
            session.end()
        _end_tokens(user)
        record("shut-out", whom=user)
    user.refresh_from_db(fields=["is_active", "shut_out_reason", "shut_out_until"])


def _end_tokens(user: User) -> None:
    """Those of the API, and those that third-party programs hold."""
    ApiToken.objects.filter(user=user).delete()
    Token.objects.filter(user=user).delete()


def let_back_in(user: User) -> None:
    """Undo `shut_out`, unless its owner has closed the account themselves."""
    rows = User.objects.filter(pk=user.pk)
    rows.update(shut_out_reason="", shut_out_until=None)
    if rows.filter(deletion_due_at=None).update(is_active=True):
        record("let-back-in", whom=user)
    user.refresh_from_db(fields=["is_active", "shut_out_reason", "shut_out_until"])


def reopen_if_due(user: User) -> None:
    """Let somebody back in whose time is over."""
    if user.shut_out_until is not None and user.shut_out_until <= timezone.now():
        let_back_in(user)


def reopen_due() -> int:
    """The same of all whose time is over, for what looks at `is_active` alone; how many."""
    due = list(User.objects.filter(shut_out_until__lte=timezone.now()))
    for user in due:
        let_back_in(user)
    return len(due)
