"""The forms of coming in: signing up, with an invitation or from elsewhere, and the addresses and logins one has."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import AddEmailForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context as allauth_context
from allauth.socialaccount.forms import DisconnectForm as AllauthDisconnectForm
from allauth.socialaccount.forms import SignupForm as AllauthSocialSignupForm
from allauth.socialaccount.models import SocialAccount, SocialApp
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts import joining
from accounts.models import User
from accounts.refusals import Conflict, Refusal
from accounts.social import SocialAdapter, name_of


class InvitationField(forms.CharField):
    """Asks for a code where one is needed, or where a link brought one along."""

    def __init__(self, code: str) -> None:
        super().__init__(
            label="Invitation", initial=code, max_length=40, required=joining.mode() == "invited",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            help_text="" if code else "The code that you were given.",
        )  # fmt: skip

    def clean(self, value: Any) -> str:
        code: str = super().clean(value)
        if code and joining.invitation_of(code) is None:
            raise forms.ValidationError(joining.NO_GOOD, "invitation-used")
        return code


def ask_for_invitation(form: forms.Form) -> None:
    code = joining.code_of(allauth_context.request)
    if joining.mode() == "invited" or code:
        form.fields["invitation"] = InvitationField(code)


def own_domain(address: str) -> str:
    """The address, if it may be taken here."""
    try:
        joining.refuse_other_domains(address)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.message, refusal.code) from refusal
    return address


class SignUpForm(AllauthSignupForm):
    """Allauth's, which takes as long with an address that has an account as with a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_invitation(self)

    def clean_email(self) -> str:
        own_domain(self.cleaned_data["email"])
        address: str = super().clean_email()
        return address

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
                if saved[0] is not None:
                    joining.use_invitation(saved[0], self.cleaned_data.get("invitation", ""))
        except IntegrityError as error:  # somebody else took name or address since the form looked
            raise Conflict("name-taken", "Somebody has just taken this name. Choose another.") from error
        request.session.pop(joining.IN_SESSION, None)
        return saved


class SocialSignUpForm(AllauthSocialSignupForm):
    """What is still missing of somebody who comes from elsewhere: a name that is free, an address, an invitation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = self.initial.get("username", "")
        if told and not SocialAdapter().is_free(told):
            self.initial["username"] = ""
            self.fields["username"].help_text = "The name that you have there is taken here, or not allowed."
        ask_for_invitation(self)

    def clean_email(self) -> str:
        own_domain(self.cleaned_data["email"])
        address: str = super().clean_email()
        return address


class AddressForm(AddEmailForm):
    """Allauth's, for the domains whose addresses are taken here."""

    def clean_email(self) -> str:
        own_domain(self.cleaned_data["email"])
        address: str = super().clean_email()
        return address


class DisconnectForm(AllauthDisconnectForm):
    """Allauth's, which also takes away a login whose provider is no longer offered."""

    @property
    def logins(self) -> list[tuple[SocialAccount, str]]:
        """Each connected login with what its provider is called."""
        return [(account, name_of(account.provider)) for account in self.accounts.order_by("pk")]

    def save(self) -> None:
        account = self.cleaned_data["account"]
        try:
            account.get_provider(self.request)
        except SocialApp.DoesNotExist:
            account.delete()
        else:
            super().save()
