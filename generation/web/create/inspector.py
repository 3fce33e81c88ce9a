"""Both prompts inspected while they are written, and the names that can be completed in them."""

from __future__ import annotations

import json

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.resolving import find_vaes
from generation.jobs.submission import check_plan
from generation.models import Embedding, Lora, Wildcard
from generation.recipes.fields import FIELDS
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.catalog.options import checkpoint_or_none
from generation.web.create.forms import RecipeForm, refusals_of
from generation.web.create.inspection import inspections_of


@signed_in_only
@require_POST
def inspect(request: SignedInRequest) -> HttpResponse:
    """What the posted form's prompts say, and what a press of the button would refuse in any other field."""
    user, typed = request.user, request.POST
    form = judged(user, typed)
    known = form.cleaned_data
    checkpoint = checkpoint_or_none(user, known.get("checkpoint", ""))
    inspected = inspect_prompt(
        user,
        typed.get("prompt", ""),
        typed.get("negative_prompt", ""),
        checkpoint=checkpoint,
        steps=known.get("steps") or (checkpoint.default_steps if checkpoint else FIELDS["steps"].default),
        sampler=known.get("sampler") or (checkpoint.default_sampler if checkpoint else ""),
        seed=known.get("seed") or 0,
    )
    refused = {"errors": refusals_of(form)}
    # Without the true number of steps nobody can say which of them a part of a prompt would have.
    scheduled = not {"steps", "sampler", "checkpoint"} & form.errors.keys()
    context = {"inspections": inspections_of(inspected, scheduled), "refused": json.dumps(refused)}
    return render(request, "generation/inspections.html", context)


def judged(user: User, typed: QueryDict) -> RecipeForm:
    """The form as a press of the button would judge it, but that a prompt need not be there yet."""
    prompt = typed.get("prompt", "")
    form = RecipeForm({**typed.dict(), "prompt": prompt if prompt.strip() else "a picture"})
    if form.is_valid():
        try:
            recipe = form.recipe(user)
            find_vaes(user, {recipe.vae} - {""})
            check_plan(user, recipe, form.picture_count)
        except Refusal as refusal:
            form.refuse(refusal)
    return form


@signed_in_only
@require_GET
def names(request: SignedInRequest) -> JsonResponse:
    """LoRAs and embeddings that fit the checkpoint of the address, and all wildcard lists."""
    checkpoint = checkpoint_or_none(request.user, request.GET.get("checkpoint", "")[:100])
    family = checkpoint.family if checkpoint else ""
    fitting = Lora.objects.usable_by(request.user).for_family(family).order_by("name")
    # The newest of a series also answers to the word of all of them.
    newest = fitting.exclude(series="").newest_for(request.user)
    words = [{"name": lora.series, "title": lora.title} for lora in newest]
    loras = [*fitting.values("name", "title"), *words]
    embeddings = Embedding.objects.usable_by(request.user).for_family(family).order_by("name").values("name", "title")
    lists = dict.fromkeys(Wildcard.objects.usable_by(request.user).values_list("name", flat=True))
    return JsonResponse({"lora": loras, "embedding": list(embeddings), "wildcard": [{"name": n} for n in lists]})
