"""A picture or its text comes to the Create page: its recipe becomes the draft; what has no match here is listed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.refusals import NotFound
from generation.catalog.matching import read_recipe, read_recipe_text
from generation.jobs.pinning import picture_of
from generation.models import SourcePicture
from generation.recipes.enlarging import Enlarge
from generation.web.access import SignedInRequest, done, refusals_on, signed_in_only
from generation.web.create.control_pictures import fields_of_controls
from generation.web.create.drafts import READ_NOTICE, draft_of, keep_draft
from generation.web.create.forms import OWN_SIZE
from generation.web.create.hires import fields_of_hires
from generation.web.create.parts import fields_of_parts
from generation.web.create.starting import fields_of_start

KEPT = ("count", "checkpoint")
"""What stays of the form where the picture tells nothing: the rest of the old one would mix two recipes."""


@signed_in_only
@require_POST
@refusals_on("create")
def read(request: SignedInRequest) -> HttpResponse:
    """Fill the draft from the posted `picture` or `text`; the next look at the page shows it and what has no match."""
    text = request.POST.get("text")
    matched = read_recipe_text(request.user, text) if text else read_recipe(request.user, request.FILES.get("picture"))
    kept = {name: value for name, value in draft_of(request.user).items() if name in KEPT}
    fields = fields_read(matched.values) | parts_read(matched.parts) | hires_read(matched.larger.get("hires"))
    started = fields_of_start(matched.start) if matched.start else {}
    controls = fields_of_controls(matched.controls) if matched.controls else {}
    keep_draft(request.user, kept | fields | started | controls)
    enlarge = matched.larger.get("enlarge")
    request.session[READ_NOTICE] = {
        "unmatched": [miss.message for miss in matched.unmatched],
        "upscale": upscale_offer(request.user, enlarge) if isinstance(enlarge, Enlarge) else None,
    }
    return done(request, "create")


def upscale_offer(user: User, enlarge: Enlarge) -> dict[str, str] | None:
    """The page that makes the upscale which a picture tells, and the words for it; None where its picture has gone."""
    try:
        picture = picture_of(user, enlarge.source.sha256)
    except NotFound:
        return None
    page = "source-upscale" if SourcePicture.objects.of(user).filter(code=picture.code).exists() else "image-upscale"
    chosen = {"scale": f"{enlarge.scale:g}", "upscaler": enlarge.upscaler, "strength": f"{enlarge.strength:g}"}
    words = f"It is an upscale, {enlarge.scale:g} times as large, by {enlarge.upscaler}."
    return {"url": reverse(page, args=[picture.code], query=chosen), "words": words}


def hires_read(hires: Any) -> dict[str, str]:
    return fields_of_hires(hires) if hires else {}


def fields_read(values: dict[str, Any]) -> dict[str, str]:
    """Matched values as the form's fields: the size as one that was typed, a seed locked, since it was asked for."""
    fields = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in values.items()}
    if "width" in fields:
        fields["size"] = OWN_SIZE
    if "seed" in fields:
        fields["seed_locked"] = "on"
    return fields


def parts_read(parts: dict[str, Any]) -> dict[str, str]:
    return {name: text for name, text in fields_of_parts(parts).items() if text}
