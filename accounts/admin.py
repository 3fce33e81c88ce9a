"""The admin of people and credits. The ledger can be read and added to by a gift; nothing in it can be changed."""

from __future__ import annotations

import uuid
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client, Token
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

import accounts.security_admin  # noqa: F401  registers its own
from accounts.credits import grant
from accounts.entrance_models import Invitation, Visit
from accounts.models import CreditEntry, OutgoingMail, Plan, User, Wallet
from accounts.recorded_admin import ReadOnlyAdmin, RecordedAdmin
from accounts.refusals import counted
from accounts.security_events import record
from accounts.social import name_of

# What is signed in with is entered in the settings, and nobody connects a login to somebody else.
admin.site.unregister([Group, Client, Token, SocialAccount, SocialApp, SocialToken])
GIFT = 100
INVITATION_FIELDS = ["note", "uses", "expires_at", "plan", "code", "address", "used", "created_by", "created_at"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], RecordedAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "plan", "credits", "is_active", "is_staff", "date_joined"]
    list_filter = ["plan", "is_active", "is_staff"]
    list_select_related = ["plan", "wallet"]
    readonly_fields = ["code", "deletion_due_at", "shut_out_reason", "shut_out_until", "invitation", "logins"]
    fieldsets = [
        *(DjangoUserAdmin.fieldsets or []),
        ("Tempera", {"fields": ["code", "plan", *readonly_fields[1:]]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "email", "plan", "password1", "password2"]})]
    actions = ["give_credits", "confirm_address"]

    @admin.display(description="Credits")
    def credits(self, user: User) -> int:
        return user.wallet.balance if hasattr(user, "wallet") else 0

    @admin.display(description="Connected logins")
    def logins(self, user: User) -> str:
        rows = SocialAccount.objects.filter(user=user).order_by("pk")
        return ", ".join(f"{name_of(row.provider)} ({row.uid})" for row in rows) or "none"

    @admin.action(description=f"Give {GIFT} credits")
    def give_credits(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            record("credits-given", who=request.user, whom=user, amount=GIFT)
            grant(user, GIFT, reference=f"gift:{uuid.uuid4().hex}", note=f"A gift from {request.user}")
        who = counted(users.count(), "person has", "people have")
        self.message_user(request, f"{who} {GIFT} more credits.", messages.SUCCESS)

    @admin.action(description="Confirm the email address", permissions=["change"])
    def confirm_address(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For those whose link never came: the operator vouches for the address."""
        for user in users:
            address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
            address.set_as_primary(conditional=True)
            record("address-confirmed", who=request.user, whom=user)
            said = "is confirmed" if address.set_verified() else "is confirmed by another account already"
            self.message_user(request, f"{address.email} {said}.")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, RecordedAdmin):
    pass


@admin.register(Plan)
class PlanAdmin(RecordedAdmin):
    list_display = ["name", "sentence", "daily_credits", "steps_per_credit", "training_discount", "share", "is_default"]


@admin.register(Client)
class ClientAdmin(RecordedAdmin):
    """Third-party programs that may ask people in. Tokens are nobody's to look at."""

    list_display = ["name", "id", "type", "skip_consent", "created_at"]
    search_fields = ["id", "name"]
    readonly_fields = ["id", "created_at"]
    fields = [
        "id", "name", "type", "scopes", "default_scopes", "grant_types", "response_types", "redirect_uris",
        "cors_origins", "skip_consent", "created_at",
    ]  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        if not change:
            secret = get_adapter().generate_client_secret()
            obj.set_secret(secret)
            self.message_user(request, f"Its secret, which is shown this once: {secret}", messages.WARNING)
        super().save_model(request, obj, form, change)


class InvitationForm(forms.ModelForm[Invitation]):
    def clean_uses(self) -> int:
        uses: int = self.cleaned_data["uses"]
        if uses < self.instance.used:
            raise forms.ValidationError(f"{counted(self.instance.used, 'person has', 'people have')} joined by it.")
        return uses


@admin.register(Invitation)
class InvitationAdmin(RecordedAdmin):
    form = InvitationForm
    list_display = ["code", "note", "used", "uses", "expires_at", "plan", "created_by"]
    list_select_related = ["plan", "created_by"]
    search_fields = ["code", "note"]
    fields = INVITATION_FIELDS
    readonly_fields = INVITATION_FIELDS[4:]

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> list[str]:
        """Before it is kept it has no code and no link yet."""
        return INVITATION_FIELDS if obj else INVITATION_FIELDS[:4]

    @admin.display(description="Link to send")
    def address(self, invitation: Invitation) -> str:
        return settings.SITE_URL + reverse("invite", args=[invitation.code]) if invitation.pk else ""

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = cast(User, request.user)
        super().save_model(request, obj, form, change)


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """Who looked at whose pages, when and why. Rows are written by the verbs alone."""

    list_display = ["began_at", "by", "person", "reason", "ends_at", "ended_at"]
    list_select_related = ["by", "person"]
    search_fields = ["by__username", "person__username", "reason"]


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "wallet", "kind", "amount", "reference", "note"]
    list_filter = ["kind"]
    search_fields = ["reference", "note", "wallet__user__username"]
    list_select_related = ["wallet__user"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """What waits for the mail server, and what that would not take. Never its text: a link in it may sign in."""

    list_display = ["created_at", "recipient", "subject", "attempts", "next_try_at", "error"]
    search_fields = ["recipient", "subject", "error"]
    fields = list_display


class TopUpForm(forms.ModelForm[Wallet]):
    # Unfold dresses the fields of a model alone; a field of the form's own brings its widget, or it has no border.
    top_up = forms.IntegerField(
        min_value=1, max_value=1_000_000, label="Credits to add", widget=UnfoldAdminIntegerFieldWidget
    )
    note = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget, help_text="Stands in the person's ledger."
    )

    class Meta:
        model = Wallet
        fields: list[str] = []


@admin.register(Wallet)
class WalletAdmin(RecordedAdmin):
    """A wallet's page adds credits; the balance itself is never typed in."""

    form = TopUpForm
    list_display = ["user", "balance"]
    search_fields = ["user__username", "user__email"]
    readonly_fields = ["user", "balance"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Wallet, form: TopUpForm, change: bool) -> None:
        note = form.cleaned_data["note"] or f"Added by {request.user}"
        record("credits-given", who=request.user, whom=obj.user, amount=form.cleaned_data["top_up"])
        grant(obj.user, form.cleaned_data["top_up"], reference=f"top-up:{uuid.uuid4().hex}", note=note)
        obj.refresh_from_db(fields=["balance"])
