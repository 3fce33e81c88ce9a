"""The operator's commands on credits."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User, Wallet


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
