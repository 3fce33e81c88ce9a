"""What an API token may spend of its owner's credits: the only writer of `ApiToken.spent`.

`credits` calls it with each hold and its end, so that wallet and budget agree.
"""

from __future__ import annotations

from django.db.models import F, Q
from django.db.models.functions import Greatest

from accounts.models import ApiToken
from accounts.refusals import NotEnoughCredits, counted


def spend(token: ApiToken, amount: int) -> None:
    """Take `amount` credits from the token's budget; NotEnoughCredits when that does not pay. Call in a transaction."""
    # The condition is in the update itself, so two requests on the last credit cannot both pass.
    within = Q(budget=None) | Q(budget__gte=F("spent") + amount)
    if not ApiToken.objects.filter(within, pk=token.pk).update(spent=F("spent") + amount):
        token.refresh_from_db(fields=["budget", "spent"])
        left = max((token.budget or 0) - token.spent, 0)
        sentence = f"This costs {counted(amount, 'credit')} and this token's budget has {left} left."
        raise NotEnoughCredits("token-budget", sentence)


def refund(token_id: str, amount: int) -> None:
    """Give `amount` back to the budget of the token, if it is still there."""
    ApiToken.objects.filter(pk=token_id).update(spent=Greatest(F("spent") - amount, 0))


def set_spent(token: ApiToken, spent: int) -> None:
    """Write what the ledger says that the token has spent."""
    ApiToken.objects.filter(pk=token.pk).update(spent=spent)
