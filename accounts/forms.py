"""The forms of the account pages, and what every form does with a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import default_token_generator
from allauth.core import context as allauth_context
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib import messages
from django.http import HttpRequest

from accounts.models import User
from accounts.refusals import Refusal


class RefusableForm(forms.Form):
    """A form that shows what a verb refused."""

    status = 200
    """Of the page that shows it."""

    def carries_out(self, verb: Callable[..., object]) -> bool:
        """Whether it is valid and the verb, called with its fields, has done it; else it says why not."""
        if not self.is_bound:
            return False
        self.status = 400
        if self.is_valid():
            try:
                verb(**self.cleaned_data)
                return True
            except Refusal as refusal:
                self.status = self.refuse(refusal)
        return False

    def refuse(self, refusal: Refusal) -> int:
        """Put a refusal at the field it is about; without one it stands above the form. The status of the answer."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, forms.ValidationError(refusal.message, refusal.code))
        return refusal.status


class ResetPasswordForm(AllauthResetPasswordForm):
    """Allauth's, which asks and computes as much for an address that nobody has."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:
            # Looking for nobody took one query more, and the link of somebody takes two.
            default_token_generator.make_token(User(pk=0))
        sent_to: str = super().save(request, **kwargs)
        return sent_to


class PasskeyForm(AddWebAuthnForm):
    """Allauth's, ticked to sign in alone; a key that then cannot is refused, and one that need not is told of."""

    passwordless = forms.BooleanField(
        required=False,
        initial=True,
        label="Sign in with it alone, without a password",
        help_text="Untick it for a security key that has neither a code of its own nor a fingerprint reader. It is "
        "then asked for after your password.",
    )

    def clean(self) -> dict[str, Any]:
        # Before allauth's, which takes an answer once: its view makes the form of a refused answer a second time.
        if self.cleaned_data.get("passwordless") and self.is_kept is False:
            raise forms.ValidationError(
                "This key cannot sign in alone: it keeps no passkeys. Untick the box to use it after your password.",
                "not-kept",
            )
        data: dict[str, Any] = super().clean()
        if data.get("credential") and not data.get("passwordless") and not self.is_kept:
            messages.info(
                allauth_context.request, "This key does not sign in alone: it is asked for after your password."
            )
        return data

    @property
    def is_kept(self) -> bool | None:
        """Whether the key keeps what signing in alone needs; None where it does not say."""
        answer: Any = self.cleaned_data.get("credential")
        for name in ("clientExtensionResults", "credProps", "rk"):
            answer = answer.get(name) if isinstance(answer, dict) else None
        return answer if isinstance(answer, bool) else None
