"""`manage.py audit_credits`: add up every ledger and print where a balance has drifted from it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum
from django.db.models.functions import Coalesce

from accounts.management.tables import require_tables
from accounts.models import Wallet


class Command(BaseCommand):
    help = "Compare every balance with the sum of its entries; fails when one has drifted."

    def handle(self, **options: Any) -> str:
        require_tables()
        wallets = Wallet.objects.select_related("user").annotate(entered=Coalesce(Sum("entries__amount"), 0))
        drifted = [wallet for wallet in wallets if wallet.entered != wallet.balance]
        for wallet in drifted:
            self.stdout.write(f"{wallet.user}: the balance is {wallet.balance}, the entries add up to {wallet.entered}")
        if drifted:
            raise CommandError(f"{len(drifted)} of {len(wallets)} wallets have drifted.")
        return f"{len(wallets)} wallets, no drift."
