"""How allauth is told this site's rules about those who come from elsewhere: OpenID Connect, SAML, social logins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from accounts import joining
from accounts.group_grants import PROVIDERS, apply_groups, groups_told
from accounts.models import User
from accounts.refusals import Conflict, Refusal
from accounts.refused_sign_ins import note_refused, reason_of

NAMES = {"google": "Google", "github": "GitHub", "gitlab": "GitLab", "microsoft": "Microsoft", "discord": "Discord",
         "apple": "Apple"}  # fmt: skip


def apps() -> list[SocialApp]:
    """Of the settings alone: none is entered in the admin, where its secret would lie in a row."""
    fields = ("name", "provider_id", "client_id", "secret", "key", "settings")
    return [
        SocialApp(provider=provider, **{name: app[name] for name in fields if name in app})
        for provider, told in settings.SOCIALACCOUNT_PROVIDERS.items()
        for app in told["APPS"]
    ]


def name_of(provider: str) -> str:
    """What people know a provider by, also one that is no longer offered."""
    named = {app.provider_id or app.provider: app.name for app in apps()}
    return named.get(provider) or NAMES.get(provider, provider)


def ways_in() -> list[dict[str, str]]:
    """The buttons of the sign-in page: `id` for its sign, `name`, and `url` to which its form posts."""
    return [
        {"id": app.provider, "name": name_of(app.provider_id or app.provider), "url": _address(app)} for app in apps()
    ]


def _address(app: SocialApp) -> str:
    if app.provider == "openid_connect":
        return reverse("openid_connect_login", args=[app.provider_id])
    if app.provider == "saml":
        return reverse("saml_login", args=[app.client_id])
    return reverse(f"{app.provider}_login")


class SocialAdapter(DefaultSocialAccountAdapter):
    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": "This is your only way in. Set a password first, then disconnect it.",
        "no_verified_email": "This is your only way in. Confirm an email address first, then disconnect it.",
    }

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        found = [app for app in apps() if provider in (None, app.provider, app.provider_id)]
        return [app for app in found if client_id in (None, app.client_id)]

    def is_email_verified(self, provider: Any, email: str) -> bool:
        """Besides what the provider itself says: of a single sign-on, where the operator vouches for its addresses."""
        domain = email.rpartition("@")[2].lower()
        trusted = settings.SSO_TRUSTED_DOMAINS
        return provider.id in PROVIDERS and (domain in trusted or "*" in trusted)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> User:
        # Some providers send the word: “false” would count as yes.
        for address in sociallogin.email_addresses:
            address.verified = address.verified in (True, "true", "True", "1")
        user: User = super().populate_user(request, sociallogin, data)
        # A site where people go by one name has no use for these.
        user.first_name = user.last_name = ""
        return user

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """An account is joined by an address that both sides have confirmed; one of the staff never is.

        They connect a login on their account page, once they are signed in with their second factor.
        """
        for told in (each.email for each in sociallogin.email_addresses if each.verified):
            rows = EmailAddress.objects.filter(email__iexact=told, verified=True, user__is_staff=False)
            known = rows.exclude(user__is_superuser=True).select_related("user").first()
            if known is not None:
                return cast(User, known.user), known.email
        return None

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: Mapping[str, Any] | None = None,
    ) -> None:
        note_refused(request, provider.sub_id, reason_of(request, error, exception, extra_context))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuses who is shut out before anything is connected, and lets groups give and take."""
        signs_in = sociallogin.state.get("process") not in (AuthProcess.CONNECT, AuthProcess.REDIRECT)
        if not (sociallogin.is_existing and signs_in):
            return
        user = cast(User, sociallogin.user)
        if not user.is_active:
            why = "account-closed" if user.deletion_due_at else "shut-out"
            note_refused(request, sociallogin.provider.sub_id, why, user)
            raise ImmediateHttpResponse(get_account_adapter(request).respond_user_inactive(request, user))
        self._apply_groups(sociallogin)

    def _apply_groups(self, sociallogin: SocialLogin) -> None:
        if sociallogin.provider.id in PROVIDERS:
            apply_groups(sociallogin.user, groups_told(sociallogin.account.extra_data))
            sociallogin.user.refresh_from_db()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        address = sociallogin.user.email
        if joining.mode() == "closed":
            note_refused(request, sociallogin.provider.sub_id, "signup-closed")
            return False
        try:
            if address:
                joining.refuse_other_domains(address)
        except Refusal as refusal:
            note_refused(request, sociallogin.provider.sub_id, refusal.code)
            page = render(request, "account/signup_refused.html", {"sentence": refusal.message}, status=refusal.status)
            raise ImmediateHttpResponse(page) from refusal
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nothing is asked where the provider tells a name that is free here, and an invitation that is needed came
        along; else a form says what is missing.
        """
        code = joining.code_of(request)
        needs = joining.mode() == "invited" or bool(code)
        return self.is_free(sociallogin.user.username) and (not needs or joining.invitation_of(code) is not None)

    def is_free(self, username: str) -> bool:
        try:
            get_account_adapter().clean_username(username)
            User._meta.get_field("username").run_validators(username)
        except ValidationError:
            return False
        return bool(username)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        code = form.cleaned_data.get("invitation", "") if form else joining.code_of(request)
        try:
            user = self._saved(request, sociallogin, form, code)
        except Refusal as refusal:
            note_refused(request, sociallogin.provider.sub_id, refusal.code)
            raise
        request.session.pop(joining.IN_SESSION, None)
        return user

    def _saved(self, request: HttpRequest, sociallogin: SocialLogin, form: Any, code: str) -> User:
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
                joining.use_invitation(user, code)
                self._apply_groups(sociallogin)
        except IntegrityError as error:
            if SocialAccount.objects.filter(provider=sociallogin.account.provider, uid=sociallogin.account.uid):
                raise Conflict("connected-already", "This login is connected already. Sign in with it.") from error
            raise Conflict("name-taken", "Somebody has just taken this name. Choose another.") from error
        return user
