"""The forms of the account pages, and what every form does with a refusal."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.forms import default_token_generator
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.refusals import Conflict, Refusal


class RefusableForm(forms.Form):
    """A form that shows what a verb refused."""

    def refuse(self, refusal: Refusal) -> int:
        """Put a refusal at the field it is about; without one it stands above the form. The status of the answer."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, forms.ValidationError(refusal.message, refusal.code))
        return refusal.status


class SignUpForm(AllauthSignupForm):
    """Allauth's, which takes as long with an address that has an account as with a new one."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError as error:  # somebody else took name or address since the form looked
            raise Conflict("name-taken", "Somebody has just taken this name. Choose another.") from error
        return saved


class ResetPasswordForm(AllauthResetPasswordForm):
    """Allauth's, which asks and computes as much for an address that nobody has."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:
            # Looking for nobody took one query more, and the link of somebody takes two.
            default_token_generator.make_token(User(pk=0))
        sent_to: str = super().save(request, **kwargs)
        return sent_to


class TokenForm(forms.Form):
    """A new API token: what it is for, and how much it may spend."""

    name = forms.CharField(max_length=60, help_text="What uses it, so that you know which one to remove.")
    budget = forms.IntegerField(
        min_value=1, max_value=1_000_000_000, required=False, label="Credits it may spend", help_text="Empty: no limit."
    )
