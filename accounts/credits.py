"""The only writer of Wallet and CreditEntry: grant, hold, settle, release. It knows references, never jobs.

What an API token asked for is paid from its budget too: with the hold, and given back with the hold's end.

Each verb is atomic and may be repeated: a reference has at most one entry of a kind, and a hold ends once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts import budgets
from accounts.models import ApiToken, CreditEntry, Plan, User, Wallet
from accounts.refusals import NotEnoughCredits, counted

Kind = CreditEntry.Kind


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits to be held for one reference, which ends the hold later by `settle` or `release`."""

    reference: str
    amount: int
    note: str = ""


def wallet_of(user: User) -> Wallet:
    wallet, _ = Wallet.objects.get_or_create(user=user)
    return wallet


def grant(user: User, amount: int, *, reference: str, note: str = "") -> bool:
    """Add `amount` credits once for `reference`; False when that reference was granted before."""
    if amount <= 0:
        raise ValueError("a grant is a positive number of credits")
    wallet = wallet_of(user)
    try:
        with transaction.atomic():
            _enter(wallet, Kind.GRANT, amount, reference, note)
            Wallet.objects.filter(pk=wallet.pk).update(balance=F("balance") + amount)
    except IntegrityError:
        return False
    return True


def balance_of(user: User) -> int:
    """What the user may spend now, the day's credits among it. Every page and answer that tells a balance asks here."""
    return _filled_wallet(user).balance


def _filled_wallet(user: User) -> Wallet:
    """The wallet, filled up to the plan's daily credits once a day (UTC)."""
    wallet = wallet_of(user)
    missing = user.plan.daily_credits - wallet.balance
    reference = f"daily:{user.pk}:{timezone.now():%Y-%m-%d}"
    if missing > 0 and not CreditEntry.objects.filter(reference=reference).exists():
        grant(user, missing, reference=reference, note="Daily credits")
        wallet.refresh_from_db(fields=["balance"])
    return wallet


def next_refill() -> datetime:
    """When the day's credits come next: the day begins at midnight of UTC."""
    tomorrow = timezone.now().astimezone(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)


def hold(user: User, amount: int, *, reference: str, note: str = "", token: ApiToken | None = None) -> None:
    """Set `amount` credits aside for `reference`; NotEnoughCredits when balance or budget do not pay."""
    hold_many(user, [Hold(reference, amount, note)], token)


def hold_many(user: User, holds: Sequence[Hold], token: ApiToken | None = None) -> None:
    """Hold what all of these cost, each with an entry of its own; NotEnoughCredits when that is not there.

    `token` is the API token that asked: its budget pays beside the wallet. The day's credits are there by then, for
    whoever spends before they look. Locks the wallet and after it the token until the caller's transaction ends: lock
    the user's share of the queue before them, as every submission and cancellation does.
    """
    wallet, total = _filled_wallet(user), sum(each.amount for each in holds)
    # A refusal ends the caller's transaction as well: there is nothing to go back to within it.
    with transaction.atomic(savepoint=False):
        # The condition is in the update itself, so two submissions on the last credit cannot both pass.
        paid = Wallet.objects.filter(pk=wallet.pk, balance__gte=total).update(balance=F("balance") - total)
        if not paid:
            left = Wallet.objects.get(pk=wallet.pk).balance
            raise NotEnoughCredits("no-credits", too_dear(user.plan, total, left))
        CreditEntry.objects.bulk_create(
            CreditEntry(
                wallet=wallet,
                kind=Kind.HOLD,
                amount=-each.amount,
                reference=each.reference,
                note=each.note[:200],
                token=token,
            )
            for each in holds
        )
        if token is not None:
            budgets.spend(token, total)


def too_dear(plan: Plan, cost: int, left: int, instead: str = "Make fewer or smaller ones") -> str:
    """Why it is refused, and what to do `instead`; tomorrow's credits are promised only where they would pay for it."""
    tomorrow = ", or wait for tomorrow's credits" if cost <= plan.daily_credits else ""
    return f"This costs {counted(cost, 'credit')} and you have {left}. {instead}{tomorrow}."


def settle(reference: str, cost: int, note: str = "") -> bool:
    """End a hold: `cost` credits (at most the held ones) are spent, the rest returns. False when it had ended."""
    held = _open_hold(reference)
    return held is not None and _end(held, Kind.SETTLE, max(0, -held.amount - cost), note)


def release(reference: str, note: str = "") -> bool:
    """End a hold: all of it returns. False when it had ended, or there was none."""
    held = _open_hold(reference)
    return held is not None and _end(held, Kind.RELEASE, -held.amount, note)


def spent(reference: str) -> int:
    """What came of a hold that has ended: the credits that did not return."""
    return -(CreditEntry.objects.filter(reference=reference).aggregate(total=Sum("amount"))["total"] or 0)


def _open_hold(reference: str) -> CreditEntry | None:
    entries = {entry.kind: entry for entry in CreditEntry.objects.filter(reference=reference)}
    if Kind.SETTLE in entries or Kind.RELEASE in entries:
        return None
    return entries.get(Kind.HOLD)


def _end(held: CreditEntry, kind: Kind, returned: int, note: str) -> bool:
    try:
        with transaction.atomic():
            _enter(held.wallet, kind, returned, held.reference, note, held.token_id)
            Wallet.objects.filter(pk=held.wallet_id).update(balance=F("balance") + returned)
            if held.token_id is not None:
                budgets.refund(held.token_id, returned, held.created_at)
    except IntegrityError:  # somebody else ended it between our look and our write
        return False
    return True


def _enter(wallet: Wallet, kind: Kind, amount: int, reference: str, note: str, token_id: str | None = None) -> None:
    CreditEntry.objects.create(
        wallet=wallet, kind=kind, amount=amount, reference=reference, note=note[:200], token_id=token_id
    )
