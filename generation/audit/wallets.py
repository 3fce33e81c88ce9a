"""Whether wallets and the budgets of tokens agree with the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from accounts import budgets
from accounts.models import ApiToken, Wallet
from generation.audit.findings import Check, Finding


def drifted_wallets() -> Iterator[Finding]:
    added = Wallet.objects.annotate(entered=Coalesce(Sum("entries__amount"), 0)).exclude(entered=F("balance"))
    for wallet in added.select_related("user"):
        yield Finding(
            "wallet-drift", str(wallet.user), f"Balance {wallet.balance}, entries add up to {wallet.entered}."
        )


def wrong_budgets() -> Iterator[Finding]:
    """What a token has spent is what the ledger's entries took for it and did not give back.

    By the entries and not by the rows they were for: what a person deletes was paid all the same.
    """
    for token in ApiToken.objects.select_related("user").annotate(entered=Coalesce(Sum("entries__amount"), 0)):
        paid = token.spent_unlisted - token.entered
        if paid != token.spent:
            advice = f"It has spent {token.spent} credits, the ledger says {paid}; set `spent` to that."
            yield Finding("token-drift", str(token), advice, partial(budgets.set_spent, token, paid))


CHECKS: tuple[Check, ...] = (drifted_wallets, wrong_budgets)
