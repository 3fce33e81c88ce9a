"""What pressing the button of the Create page would cost, and why it cannot be pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from accounts.credits import balance_of, too_dear
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.prices import total_price
from generation.jobs.submission import check_plan
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.create.forms import RecipeForm
from generation.web.page_context import queue_of


@dataclass(frozen=True, slots=True)
class PictureQuote:
    """What pressing the button would cost; `sentence` says why it cannot be pressed. `credits` None: no price."""

    count: int
    credits: int | None
    left: int
    sentence: str = ""

    @property
    def enough(self) -> bool:
        return self.credits is None or self.credits <= self.left


def quote(user: User, fields: Mapping[str, Any]) -> PictureQuote:
    """The price of the form as it stands; the prompt does not matter to it."""
    left = balance_of(user)
    form = RecipeForm({**fields, "prompt": "a picture"})
    try:
        credits = price_of(user, form) if form.is_valid() else None
    except Refusal:
        credits = None
    if credits is None or credits <= left:
        return PictureQuote(form.cleaned_data.get("count") or 1, credits, left)
    dear = too_dear(user.plan, credits, left, "Make fewer or smaller pictures")
    return PictureQuote(form.picture_count, credits, left, dear)


def price_of(user: User, form: RecipeForm) -> int:
    """Raises Refusal for what is not made and so has no price."""
    recipe = form.recipe(user)
    check_plan(user, recipe, form.picture_count)
    return total_price(user.plan, [recipe]) * form.picture_count


@signed_in_only
@require_GET
def price(request: SignedInRequest) -> HttpResponse:
    """The quote for the fields in the address, and how many pictures are under way."""
    quoted = quote(request.user, request.GET.dict())
    return JsonResponse({**asdict(quoted), "enough": quoted.enough, "queue": queue_of(request.user)})
