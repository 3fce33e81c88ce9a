"""The lab's page with its form, the price of a grid, and the page of one grid that fills in."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.credits import balance_of, too_dear
from accounts.refusals import Refusal
from generation.jobs.grids.submission import cancel_grid, price_of, submit_grid
from generation.jobs.submission import random_seed
from generation.models import Checkpoint, GeneratedImage, LabGrid, LoraMerge, Vae
from generation.recipes.grids.axes import AXES
from generation.recipes.grids.mixing import POINTS, SHAPES
from generation.storage.downloads import FILMS, FOR_NOBODY, film_attachment, film_of, inline
from generation.web.access import SignedInRequest, refusals_on, refused, signed_in_only
from generation.web.catalog.options import checkpoint_or_none, lora_options
from generation.web.create.forms import default_fields
from generation.web.lab.forms import LETTERS, LabForm, MergeForm, axis_choices, fields_of_plan
from generation.web.lab.grid_page import progress_of, sheets_of
from generation.web.public_pictures import registry

GRIDS_SHOWN = 12


def own_grid(request: SignedInRequest, code: str) -> LabGrid:
    grid: LabGrid | None = LabGrid.objects.of(request.user).filter(code=code).select_related("image").first()
    if grid is None:
        raise Http404("There is no such grid, or it is not yours.")
    return grid


@signed_in_only
@require_http_methods(["GET", "POST"])
def lab(request: SignedInRequest) -> HttpResponse:
    """The form and what was made with it; `?grid=` fills it with an own grid. POST queues every cell."""
    if request.method == "GET":
        fields = prefilled(request)
        return page(request, LabForm(initial=fields), fields)
    form = LabForm(request.POST)
    if form.is_valid():
        try:
            return redirect("lab-grid", submit_grid(request.user, form.plan(request.user)).code)
        except Refusal as refusal:
            form.refuse(refusal)
    fields = {**request.POST.dict(), "mix": list(form.mixed)}
    return page(request, form, fields, form.status)


def prefilled(request: SignedInRequest) -> dict[str, Any]:
    checkpoint = checkpoint_or_none(request.user, request.GET.get("checkpoint", ""))
    fields: dict[str, Any] = {**(default_fields(checkpoint) if checkpoint else {}), "mode": "mix", "points": 5}
    fields |= {"way": "seeds", "frames": 12, "rate": 8, "loop": True}
    fields |= {"prompt": "a red apple", "seed": str(random_seed()), "strength": 1.0}
    if code := request.GET.get("grid"):
        fields |= fields_of_plan(own_grid(request, code).plan)
    if mode := request.GET.get("mode"):
        fields["mode"] = mode_of(mode)
    if names := request.GET.getlist("mix"):
        fields["mix"] = names[:4]
    if picture := request.GET.get("picture"):
        fields |= {"mode": "between", "way": "pictures", "first_picture": picture[:16], "sampler": "DDIM"}
    return fields


def mode_of(text: str) -> str:
    return text if text in ("axes", "between") else "mix"


def page(request: SignedInRequest, form: LabForm, fields: dict[str, Any], status: int = 200) -> HttpResponse:
    user = request.user
    checkpoint = checkpoint_or_none(user, fields.get("checkpoint", ""))
    checkpoints = list(Checkpoint.objects.usable_by(user).order_by("title"))
    vaes = list(Vae.objects.usable_by(user).order_by("title"))
    form.offer(checkpoints, vaes)
    loras = lora_options(user, checkpoint, fields.get("mix", []))
    axes = [
        {"letter": letter, "place": place}
        | {part: fields.get(f"{letter}_{part}", "") for part in ("field", "target", "values")}
        for letter, place in zip(LETTERS, ("Columns", "Rows", "Sheets"), strict=True)
    ]
    context = {
        "form": form,
        "fields": fields,
        "mode": mode_of(fields.get("mode", "")),
        "loras": loras,
        "axes": axes,
        "kinds": AXES.items(),
        "axis_choices": axis_choices(checkpoints, vaes, [option.row for option in loras]),
        "points": json.dumps({count: POINTS[shape] for count, shape in SHAPES.items()}),
        "left": balance_of(user),
        "most": user.plan.max_grid_pictures,
        "grids": list(LabGrid.objects.of(user).select_related("image").newest()[:GRIDS_SHOWN]),
        "merge_form": MergeForm(),
        "merges": list(LoraMerge.objects.of(user).select_related("lora").newest()[:4]),
    }
    return render(request, "generation/lab/lab.html", context, status=status)


@signed_in_only
@require_POST
def quote(request: SignedInRequest) -> HttpResponse:
    """Pictures and credits of the form as it stands, or what is wrong with it. Nothing is made."""
    form = LabForm(request.POST)
    try:
        if not form.is_valid():
            field, (error, *_) = next(iter(form.errors.as_data().items()))
            told = {"code": error.code, "detail": error.messages[0], "field": "" if field == "__all__" else field}
            return JsonResponse(told, status=form.status)
        plan = form.plan(request.user)
        credits = price_of(request.user, plan)
    except Refusal as refusal:
        return refused(refusal)
    left = balance_of(request.user)
    sentence = "" if credits <= left else too_dear(request.user.plan, credits, left, "Draw fewer or smaller cells")
    quoted = {"count": plan.count, "credits": credits, "enough": credits <= left, "left": left, "sentence": sentence}
    return JsonResponse(quoted)


@signed_in_only
@require_GET
def grid(request: SignedInRequest, code: str) -> HttpResponse:
    """One grid: its picture once all cells have ended, and every cell with its label."""
    return render(request, "generation/lab/grid.html", context_of(request, own_grid(request, code)))


@signed_in_only
@require_GET
def sheet(request: SignedInRequest, code: str) -> HttpResponse:
    """The head of the page by itself, for a page that is open while the grid ends."""
    return render(request, "generation/lab/grid_head.html", context_of(request, own_grid(request, code)))


def context_of(request: SignedInRequest, grid: LabGrid) -> dict[str, Any]:
    image: GeneratedImage | None = getattr(grid, "image", None)
    image = image if image is not None and image.deleted_at is None else None
    return {
        "grid": grid,
        "plan": grid.plan,
        "image": image,
        "publication": registry.state_of(image) if image else None,
        "progress": progress_of(grid),
        "left": balance_of(request.user),
        "sheets": sheets_of(request.user, grid),
    }


@signed_in_only
@require_GET
def film(request: SignedInRequest, code: str, kind: str) -> HttpResponse:
    """A way's film: as MP4 shown in the page, as an animated WebP to be downloaded."""
    image: GeneratedImage | None = getattr(own_grid(request, code), "image", None)
    if image is None or image.deleted_at is not None or not film_of(image, kind):
        raise Http404("This grid has no film.")
    if kind == "webp":
        return film_attachment(image, kind)
    return inline(request, film_of(image, kind), FILMS[kind][1], FOR_NOBODY, filename=f"tempera-{code}.{kind}")


@signed_in_only
@require_POST
@refusals_on("lab-grid", "code")
def cancel(request: SignedInRequest, code: str) -> HttpResponse:
    cancel_grid(own_grid(request, code))
    return redirect("lab-grid", code)
