"""`manage.py grant_credits USER AMOUNT`: give credits, once for each reference."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.credits import grant, wallet_of
from accounts.management.tables import require_tables
from accounts.models import User
from accounts.refusals import counted
from accounts.security_events import record


class Command(BaseCommand):
    help = "Give a person credits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a username")
        parser.add_argument("amount", type=int)
        parser.add_argument("--reference", default="", help="the same reference is granted only once")
        parser.add_argument("--note", default="Given by the operator")

    def handle(self, *, user: str, amount: int, reference: str, note: str, **options: Any) -> str:
        require_tables()
        person = User.objects.filter(username=user).first()
        if person is None:
            raise CommandError(f"There is nobody called {user}.")
        if amount < 1:
            raise CommandError("AMOUNT must be at least 1.")
        given = grant(person, amount, reference=reference or f"shell:{uuid.uuid4().hex}", note=note)
        if given:
            record("credits-given", whom=person, amount=amount)
        sentence = f"{user} has {counted(wallet_of(person).balance, 'credit')}."
        return sentence if given else f"Already granted; {sentence}"
