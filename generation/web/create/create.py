"""The Create page: the form with what fits its checkpoint, and the press of the button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.refusals import Refusal
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, GeneratedImage, Job, Vae
from generation.recipes.fields import FIELDS, STEPS_RANGE
from generation.recipes.picture import UNTOLD_PROMPT, Recipe
from generation.web.access import SignedInRequest, asks_for_part, signed_in_only
from generation.web.catalog.options import checkpoint_or_none, lora_options
from generation.web.create import control_pictures
from generation.web.create.control_choices import control_choices
from generation.web.create.drafts import READ_NOTICE, draft_of, keep_draft
from generation.web.create.files import bring_files
from generation.web.create.forms import OWN_SIZE, RecipeForm, default_fields, fields_of, refusals_of, typed_fields
from generation.web.create.hires import upscaler_choices
from generation.web.create.job_tiles import job_feed_of, submissions_of
from generation.web.create.parts import names_in, style_options
from generation.web.create.quotes import quote
from generation.web.create.sizes import size_presets_of
from generation.web.create.starting import LIKE_SOURCE, fields_of_start, starting_picture, usual_fields
from generation.web.public_pictures import example_picture, registry, weight_picture

RECIPES = ("image", "job", "post")
"""The names under which the address asks for a recipe that was drawn before, with its seed."""

CODE_CHARS = 12
NO_SOURCE = "none"
"""`?source=none`: the draft starts from no picture any more."""

COUNTS = (*range(1, 9), 12, 16, 24, 32, 48, 64)


@signed_in_only
@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    """The form and the job feed. POST queues pictures and never waits for one."""
    if request.method == "POST":
        return make(request, request.FILES)
    fields = prefilled(request)
    return page(request, RecipeForm(initial=fields), fields, seed_kept=any(name in request.GET for name in RECIPES))


def make(request: SignedInRequest, uploads: Mapping[str, UploadedFile[Any]]) -> HttpResponse:
    """Queue what the form says. Whatever was typed is kept as the draft, also when it is refused."""
    typed = request.POST.copy()
    try:
        bring_files(request.user, typed, uploads)
    except Refusal as refusal:
        form, jobs, status = refused_files(typed, refusal)
    else:
        form = RecipeForm(typed)
        jobs, status = submitted(request.user, form)
    fields = typed_fields(form.data)
    # After a press the form stands as it was, but for a seed that was not locked.
    keep_draft(request.user, {**fields, "seed": ""} if jobs and "seed_locked" not in fields else fields)
    if asks_for_part(request):
        return group(request, jobs) if jobs else sentences(form, status)
    return redirect("create") if jobs else page(request, form, fields, status)


def refused_files(typed: QueryDict, refusal: Refusal) -> tuple[RecipeForm, list[Job], int]:
    """The form of which a file was refused."""
    form = RecipeForm(typed)
    form.is_valid()
    form.refuse(refusal)
    return form, [], form.status


def submitted(user: User, form: RecipeForm) -> tuple[list[Job], int]:
    """The jobs of the form; none, and the status of the refusal, when it says no at one of its fields."""
    if not form.is_valid():
        return [], form.status
    try:
        return submit_jobs(
            user, form.recipe(user), form.picture_count, made_from=form.cleaned_data["made_from"][:CODE_CHARS]
        ), 201
    except Refusal as refusal:
        form.refuse(refusal)
        return [], form.status


def group(request: SignedInRequest, jobs: list[Job]) -> HttpResponse:
    """The fresh submission as the rows have it by now: a quick worker may be drawing already."""
    now = Job.objects.filter(pk__in=[job.pk for job in jobs]).select_related("image")
    context = {"submission": submissions_of(now)[0]}
    return render(request, "generation/submission.html", context, status=201)


def sentences(form: RecipeForm, status: int) -> JsonResponse:
    return JsonResponse({"errors": refusals_of(form)}, status=status)


def prefilled(request: SignedInRequest) -> dict[str, str]:
    """The form's fields: the draft, or the recipe that the address names, over the checkpoint's defaults.

    `?control=` a picture for a ControlNet to read, `?prompt=`, `?checkpoint=` and `?lora=` are put into them.
    """
    fields = {**draft_of(request.user), **named_recipe(request)}
    fields |= {name: request.GET[name] for name in ("prompt", "checkpoint") if name in request.GET}
    if lora := request.GET.get("lora", ""):
        fields["prompt"] = f"{fields.get('prompt', '')} <lora:{lora}:0.8>".strip()
    if code := request.GET.get("control", ""):
        fields = control_pictures.with_picture(fields, code[:64])
    if fields.get("source"):
        fields["hires"] = ""  # The page offers a second pass to pictures from text alone.
    checkpoint = checkpoint_or_none(request.user, fields.get("checkpoint", ""))
    usual = {**usual_fields(), **control_pictures.usual_fields()}
    defaults = {**usual, **(default_fields(checkpoint) if checkpoint else {})}
    return {**defaults, **{name: value for name, value in fields.items() if value != "" or name not in defaults}}


def named_recipe(request: SignedInRequest) -> dict[str, str]:
    """`?image=` an own picture, `?job=` an own job, `?post=` a public post: its recipe, or nothing.

    `?change=` an own picture to start from with its recipe, `?source=` any picture to start from with the draft.
    """
    user, asked = request.user, request.GET
    recipe: Recipe | None = None
    made_from = ""
    if code := asked.get("source"):
        if code == NO_SOURCE:
            return {**fields_of_start(None), "size": ""}
        return {**fields_of_start(None), "source": code[:64], "size": LIKE_SOURCE}
    if code := asked.get("change"):
        image = GeneratedImage.objects.of(user).kept().filter(code=code).select_related("job").first()
        return changing(image) if image else {}
    if code := asked.get("image"):
        image = GeneratedImage.objects.of(user).kept().filter(code=code).select_related("job").first()
        recipe = image.recipe if image else None
        made_from = image.job.made_from if image and image.job else ""
    elif code := asked.get("job"):
        job = Job.objects.of(user).filter(code=code).first()
        recipe, made_from = (job.recipe, job.made_from) if job else (None, "")
    elif code := asked.get("post"):
        recipe, made_from = registry.recipe_of(code), code[:CODE_CHARS]
    if recipe is None:
        return {}
    fields = {**fields_of(recipe), "made_from": made_from}
    if recipe.prompt == UNTOLD_PROMPT:
        fields["prompt"] = ""
    return {**fields, "seed": "", "seed_locked": ""} if "new-seed" in asked else fields


def changing(image: GeneratedImage) -> dict[str, str]:
    """The picture as what is started from; its recipe's prompt and numbers stay, with a new seed."""
    drawn = image.recipe.replace(start=None, hires=None, enlarge=None, inversion=None)
    fields = {**fields_of(drawn), "seed": "", "seed_locked": "", "count": "1"}
    return {**fields, "source": image.code, "size": LIKE_SOURCE, "made_from": image.job.made_from if image.job else ""}


def page(
    request: SignedInRequest, form: RecipeForm, fields: dict[str, str], status: int = 200, *, seed_kept: bool = False
) -> HttpResponse:
    user = request.user
    checkpoint = checkpoint_or_none(user, fields.get("checkpoint", ""))
    feed = job_feed_of(user)
    context = {
        "form": form,
        "quote": quote(user, fields),
        "job_feed": feed,
        "waits": any(submission.is_waiting for submission in feed),
        "most_steps": min(STEPS_RANGE[1], user.plan.max_steps),
        "counts": counts_to_tap(user.plan.max_pictures),
        "checkpoints": list(Checkpoint.objects.usable_by(user).order_by("title")),
        "upscalers": upscaler_choices(user),
        "vaes": list(Vae.objects.usable_by(user).order_by("title")),
        "examples": examples_of(checkpoint),
        "start": starting_picture(user, fields),
        "control_choices": control_choices(user, checkpoint.family if checkpoint else "", form),
        "kept_seed": fields.get("seed") if seed_kept else None,
        "origin": registry.origin_of(code) if (code := fields.get("made_from", "")) else None,
        "read": request.session.pop(READ_NOTICE, None),
        **choices_of(user, checkpoint, fields),
    }
    return render(request, "generation/create.html", context, status=status)


def counts_to_tap(most: int) -> list[int]:
    """Every number of pictures while they are few, then some, and always the most that the plan makes at once."""
    return sorted({count for count in COUNTS if count < most} | {most})


def choices_of(user: User, checkpoint: Checkpoint | None, fields: Mapping[str, str]) -> dict[str, Any]:
    """What depends on the checkpoint: sizes to tap and LoRAs that fit."""
    if checkpoint is None:
        return {"size_presets": [], "size": OWN_SIZE, "side": FIELDS["width"], "loras": []}
    presets = size_presets_of(checkpoint.native_width, checkpoint.native_height)
    size = fields.get("size", "")
    if size in (OWN_SIZE, "") or size == LIKE_SOURCE and not fields.get("source"):
        size = f"{fields.get('width', '')}x{fields.get('height', '')}"
    return {
        "checkpoint": checkpoint,
        "picture": weight_picture(checkpoint),
        "defaults": default_fields(checkpoint),
        "size_presets": presets,
        "side": FIELDS["width"],
        "size": size if size in (LIKE_SOURCE, *(preset.value for preset in presets)) else OWN_SIZE,
        "loras": lora_options(user, checkpoint),
        "style_options": style_options(user, checkpoint.family, names_in(fields.get("styles", ""))),
    }


def examples_of(checkpoint: Checkpoint | None) -> list[dict[str, str]]:
    if checkpoint is None:
        return []
    return [
        {
            "prompt": prompt,
            "picture": example_picture(checkpoint.name, prompt),
            "url": reverse("create", query={"prompt": prompt, "checkpoint": checkpoint.name}),
        }
        for prompt in checkpoint.example_prompts[:6]
    ]


@signed_in_only
@require_GET
def choices(request: SignedInRequest) -> HttpResponse:
    """What depends on the checkpoint, for a page whose checkpoint was changed; its control pictures stay chosen."""
    checkpoint = checkpoint_or_none(request.user, request.GET.get("checkpoint", ""))
    fields = default_fields(checkpoint) if checkpoint else {}
    typed = {name: request.GET[name] for name in control_pictures.ROWS if name in request.GET}
    form = RecipeForm(initial={**fields, **control_pictures.usual_fields(), **typed})
    context = {
        "fields": fields,
        "control_choices": control_choices(request.user, checkpoint.family if checkpoint else "", form),
        **choices_of(request.user, checkpoint, fields),
    }
    return render(request, "generation/choices.html", context)
