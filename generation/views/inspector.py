"""What is wrong in a prompt, told while it is written, with the words that may have been meant."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from generation.models import Lora, Wildcard
from generation.prompting import KnownName, inspect
from generation.recipe import MAX_PROMPT_CHARS
from generation.views.access import MakerRequest, makers_only
from generation.views.create import checkpoint_or_none

PROBLEMS_SHOWN = 3
STEPS = 20
"""Only what a schedule says depends on the steps, and that is not shown here."""


@makers_only
@require_POST
def problems(request: MakerRequest) -> HttpResponse:
    """The first problems of the posted prompt, for the posted checkpoint's family."""
    checkpoint = checkpoint_or_none(request.user, request.POST.get("checkpoint", ""))
    known = Lora.objects.usable_by(request.user).values_list("name", "family")
    found = inspect(
        request.POST.get("prompt", "")[:MAX_PROMPT_CHARS].replace("\r\n", "\n"),
        STEPS,
        family=checkpoint.family if checkpoint else "",
        loras=[KnownName(name, family) for name, family in known],
        wildcards={wildcard.name: wildcard.choices for wildcard in Wildcard.objects.filter(is_enabled=True)},
    )
    return render(request, "generation/problems.html", {"problems": found.problems[:PROBLEMS_SHOWN]})
