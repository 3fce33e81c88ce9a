"""The operator's commands on credits."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from accounts.models import User, Wallet
from tests.conftest import PASSWORD


def test_grant_credits_gives_once_for_a_reference(charlie: User) -> None:
    assert call_command("grant_credits", "charlie", 30, reference="prize") == "charlie has 30 credits."
    assert call_command("grant_credits", "charlie", 30, reference="prize").startswith("Already granted")
    assert charlie.wallet.balance == 30


def test_grant_credits_to_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="nobody called dora"):
        call_command("grant_credits", "dora", 30)


def test_audit_credits_finds_a_drift(alice: User, charlie: User) -> None:
    assert call_command("audit_credits") == "1 wallets, no drift."
    Wallet.objects.filter(user=alice).update(balance=5)
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("audit_credits")


@pytest.mark.django_db
def test_the_first_administrator_signs_in_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no mail server the link that a fresh address asks for would only stand in a log."""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, username="op", email="Op@Example.org", verbosity=0)
    address = EmailAddress.objects.get(user__username="op")
    assert (address.email, address.verified, address.primary) == ("op@example.org", True, True)
    assert client.post("/accounts/login/", {"login": "op@example.org", "password": PASSWORD}).status_code == 302
    assert client.get("/admin/accounts/user/").status_code == 200
    assert mail.outbox == []


@pytest.mark.django_db
def test_an_administrator_whose_address_is_taken_leaves_nothing_behind(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="second@example.org", verified=True)
    with pytest.raises(IntegrityError):
        User.objects.create_superuser("op", "second@example.org", PASSWORD)
    assert not User.objects.filter(username="op").exists()
