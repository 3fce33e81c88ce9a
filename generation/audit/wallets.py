"""Whether wallets and the budgets of tokens agree with the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Concat

from accounts import budgets
from accounts.models import ApiToken, CreditEntry, Wallet
from generation.audit.findings import Check, Finding
from generation.models import Job, TrainingRun


def drifted_wallets() -> Iterator[Finding]:
    added = Wallet.objects.annotate(entered=Coalesce(Sum("entries__amount"), 0)).exclude(entered=F("balance"))
    for wallet in added.select_related("user"):
        yield Finding(
            "wallet-drift", str(wallet.user), f"Balance {wallet.balance}, entries add up to {wallet.entered}."
        )


def wrong_budgets() -> Iterator[Finding]:
    """What a token has spent is what the ledger took for its pictures and trainings and did not give back."""
    for token in ApiToken.objects.select_related("user"):
        paid = -sum(entries_of(Job, "job:", token)) - sum(entries_of(TrainingRun, "run:", token))
        if paid != token.spent:
            advice = f"It has spent {token.spent} credits, the ledger says {paid}; set `spent` to that."
            yield Finding("token-drift", str(token), advice, partial(budgets.set_spent, token, paid))


def entries_of(model: type[Job | TrainingRun], prefix: str, token: ApiToken) -> QuerySet[CreditEntry, int]:
    """The amounts of the ledger's entries for the rows that this token asked for."""
    mine = model.objects.filter(token=token).values_list(Concat(Value(prefix), "code"))
    return CreditEntry.objects.filter(reference__in=mine).values_list("amount", flat=True)


CHECKS: tuple[Check, ...] = (drifted_wallets, wrong_budgets)
