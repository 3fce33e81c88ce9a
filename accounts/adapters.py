"""How allauth is told this site's rules: who may sign up by which name, how a password is tried, where mails lead."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context as allauth_context
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts import joining
from accounts.closing import reopen_if_due
from accounts.mail import queue_mail
from accounts.models import User
from accounts.scopes import Scope
from accounts.security_events import record

CLOSED_ACCOUNT = "closed_account"
"""In the session of somebody who has proved to own a closed account: which, and how long that counts."""
TAKE_BACK_SECONDS = 600


class ProviderAdapter(DefaultOIDCAdapter):
    """How the site is a provider of OAuth and OpenID Connect, where it is one."""

    scope_display = {**DefaultOIDCAdapter.scope_display, **dict(Scope.choices)}

    def get_issuer(self) -> str:
        """One, whatever a request's `Host` says."""
        return str(settings.SITE_URL)

    def get_user_sub(self, client: Any, user: Any) -> str:
        """The public handle: the number of a row tells how many people there are."""
        return str(user.code)

    def get_user_by_sub(self, client: Any, sub: str) -> User | None:
        user: User | None = User.objects.filter(code=sub, is_active=True).first()
        return user

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        data["scopes_supported"] = [*self.scope_display]

    def validate_client_registration(self, *, client: Any, **kwargs: Any) -> None:
        """What registers itself may ask for what its owner could give away without thinking twice, and no more."""
        if strange := set(client.get_scopes()) - {"openid", "profile", "email", Scope.READ, Scope.GENERATE}:
            raise ValidationError(f"A program that registers itself may not ask for: {', '.join(sorted(strange))}.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # Whoever could not finish a sign-up comes back with the same name.
        "username_taken": "This name is taken. If it is yours, sign in; an address not confirmed yet gets a new link.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return joining.mode() != "closed"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every link leads to `SITE_URL`: the `Host` of a request may name another port, and a key would go there."""
        request = allauth_context.request
        links = {name: on_this_site(value) for name, value in context.items() if name.endswith("_url")}
        values = {"request": request, "email": email, "current_site": get_current_site(request), **context, **links}
        queue_mail(self.render_mail(template_prefix, email, values))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries on an account are counted once, and not anew for each port that a `Host` names."""
        login = credentials.get("email", credentials.get("username", ""))
        return f"{settings.HOST}:{login.lower()}"

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Whatever allauth finds worth a mail to its person is an event: a password, an address, a second factor."""
        record(template_prefix.rpartition("/")[2].replace("_", "-"), who=user, whom=user)
        super().send_notification_mail(template_prefix, user, context, email)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        saved = super().save_user(request, user, form, commit)
        if commit:
            record("signed-up", who=user, whom=user)
        return saved

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        record(
            "signed-in", who=user, whom=user, by=[each["method"] for each in get_authentication_records(request, user)]
        )

    def logout(self, request: HttpRequest) -> None:
        record("signed-out", who=request.user, whom=request.user)
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            record("sign-in-throttled", whom=_meant(credentials))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """What was typed is not kept: it may be a password in the wrong field."""
        record("sign-in-failed", whom=_meant(credentials))

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Whoever closed their account and has now shown that it is theirs is asked whether they take it back, and
        who is shut out is told why, and until when.
        """
        if user.deletion_due_at is None or user.deletion_due_at <= timezone.now():
            context = {"reason": user.shut_out_reason, "until": user.shut_out_until}
            return render(request, "account/account_inactive.html", context, status=403)
        request.session.cycle_key()
        request.session[CLOSED_ACCOUNT] = {"code": user.code, "until": time.time() + TAKE_BACK_SECONDS}
        return redirect("account-take-back")

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        reopen_if_due(user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def clean_username(self, username: str, shallow: bool = False) -> str:
        username = super().clean_username(username, shallow)
        if not shallow:
            User.objects.check_free(username)
        return username

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """An address is tried as an address alone. Also tried as a name it would be looked up by address twice, and
        the password of somebody who is known be hashed twice: the time would tell that they are.
        """
        if credentials.get("email") and credentials.get("email") == credentials.get("username"):
            del credentials["username"]
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return user


def on_this_site(url: str) -> str:
    return settings.SITE_URL + urlunsplit(urlsplit(url)._replace(scheme="", netloc=""))


def _meant(credentials: dict[str, Any]) -> User | None:
    """Whose account it was tried on."""
    login = str(credentials.get("email") or credentials.get("username") or "")
    return User.objects.filter(Q(username=login) | Q(email=login.lower())).first() if login else None
