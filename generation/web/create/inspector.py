"""Both prompts inspected while they are written, and the names that can be completed in them."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from generation.catalog.inspecting import inspect_prompt
from generation.catalog.wildcards import usable_by
from generation.models import Checkpoint, Embedding, Lora
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import STEPS_RANGE
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.catalog.options import checkpoint_or_none
from generation.web.create.inspection import inspections_of


@signed_in_only
@require_POST
def inspect(request: SignedInRequest) -> HttpResponse:
    """What the posted form's prompts say, for its checkpoint, steps, sampler and seed as far as they can be read."""
    checkpoint = checkpoint_or_none(request.user, request.POST.get("checkpoint", "")[:100])
    inspected = inspect_prompt(
        request.user,
        request.POST.get("prompt", ""),
        request.POST.get("negative_prompt", ""),
        checkpoint=checkpoint,
        steps=steps_of(request.POST.get("steps", ""), checkpoint),
        sampler=request.POST.get("sampler", ""),
        seed=seed_of(request.POST.get("seed", "")),
    )
    return render(request, "generation/inspections.html", {"inspections": inspections_of(inspected)})


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
    lists = dict.fromkeys(usable_by(request.user).values_list("name", flat=True))
    return JsonResponse({"lora": loras, "embedding": list(embeddings), "wildcard": [{"name": n} for n in lists]})


def steps_of(text: str, checkpoint: Checkpoint | None) -> int:
    """The steps that were typed, within what a recipe takes; the checkpoint's default for anything else."""
    low, high = STEPS_RANGE
    if text.isascii() and text.isdigit() and len(text) < 4:
        return min(max(int(text), low), high)
    return checkpoint.default_steps if checkpoint else 20


def seed_of(text: str) -> int:
    return min(int(text), MAX_SEED) if text.isascii() and text.isdigit() and len(text) < 12 else 0
