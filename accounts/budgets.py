"""What an API token may use: which weights, and how many of its owner's credits, in all and in a day.

The only writer of `ApiToken.spent`: `credits` calls it with each hold and its end, so that wallet and budget agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db.models import Case, F, PositiveIntegerField, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import ApiToken
from accounts.refusals import NotAllowed, NotEnoughCredits, counted


def spend(token: ApiToken, amount: int) -> None:
    """Take `amount` credits from the token's budgets; NotEnoughCredits when one does not pay. Call in a transaction."""
    today = today_of(timezone.now())
    # The conditions are in the update itself, so two requests on the last credit cannot both pass.
    within = Q(budget=None) | Q(budget__gte=F("spent") + amount)
    same_day = Q(spent_on=today, daily_credits__gte=F("spent_today") + amount)
    within_day = Q(daily_credits=None) | same_day | (~Q(spent_on=today) & Q(daily_credits__gte=amount))
    spent_today = Case(When(spent_on=today, then=F("spent_today") + amount), default=Value(amount))
    paid = ApiToken.objects.filter(within, within_day, pk=token.pk)
    if not paid.update(spent=F("spent") + amount, spent_today=spent_today, spent_on=today):
        token.refresh_from_db(fields=["budget", "spent", "daily_credits", "spent_today", "spent_on"])
        raise too_dear(token, amount, today)


def too_dear(token: ApiToken, amount: int, today: date) -> NotEnoughCredits:
    left = token.budget - token.spent if token.budget is not None else amount
    cost = f"This costs {counted(amount, 'credit')} and this token"
    if left < amount:
        return NotEnoughCredits("token-budget", f"{cost}'s budget has {max(left, 0)} left.")
    left = (token.daily_credits or 0) - (token.spent_today if token.spent_on == today else 0)
    return NotEnoughCredits("token-daily-credits", f"{cost} may spend {max(left, 0)} more until midnight UTC.")


def refund(token_id: str, amount: int, held_at: datetime) -> None:
    """Give `amount` of what was held then back to the budgets of the token, if it is still there."""
    today = today_of(timezone.now())
    of_today = amount if today_of(held_at) == today else 0
    less_today = Case(
        When(spent_on=today, then=Greatest(F("spent_today") - of_today, 0)),
        default=F("spent_today"),
        output_field=PositiveIntegerField(),
    )
    ApiToken.objects.filter(pk=token_id).update(spent=Greatest(F("spent") - amount, 0), spent_today=less_today)


def today_of(moment: datetime) -> date:
    """The day of UTC, which is the ledger's."""
    return moment.astimezone(UTC).date()


def set_spent(token: ApiToken, spent: int) -> None:
    """Write what the ledger says that the token has spent."""
    ApiToken.objects.filter(pk=token.pk).update(spent=spent)


def check_weights(token: ApiToken | None, checkpoints: Iterable[str], loras: Iterable[str] = ()) -> None:
    """Raise NotAllowed for a checkpoint or LoRA, by its name, that the token may not use. None is no token."""
    if token is None:
        return
    for kind, field, allowed, names in (
        ("checkpoint", "checkpoint", token.allowed_checkpoints, checkpoints),
        ("LoRA", "loras", token.allowed_loras, loras),
    ):
        for name in sorted(set(names)):
            if allowed and name not in allowed:
                sentence = f"This token may not use the {kind} “{name}”, only {', '.join(allowed)}."
                raise NotAllowed(f"{kind.lower()}-not-allowed", sentence, field=field)
