"""The page on which a person's picture, made here or brought, is made larger: what by, its price, and the press."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.credits import balance_of
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.prices import total_price
from generation.jobs.enlarging import enlarging, upscalers_for
from generation.jobs.submission import check_plan, submit_jobs
from generation.recipes.enlarging import HIRES_STRENGTH_RANGE, LANCZOS
from generation.recipes.picture import Recipe
from generation.web.access import SignedInRequest, own_image, signed_in_only
from generation.web.create.sources import own_source

SCALES = (1.5, 2.0, 3.0, 4.0)
UPSCALER_WORDS = "What fills in the new pixels. Lanczos keeps what is there; a network draws sharper edges of its own."


@dataclass(frozen=True, slots=True)
class EnlargedPicture:
    """The picture that is made larger: the page that leads here and its name, and the page that makes it larger.

    `thumbnail` is shown beside the choices.
    """

    code: str
    alt: str
    width: int
    height: int
    url: str
    place: str
    thumbnail: str
    upscale_url: str


class UpscaleForm(forms.Form):
    scale = forms.FloatField(required=False)
    upscaler = forms.CharField(required=False, max_length=100)
    strength = forms.FloatField(required=False, min_value=HIRES_STRENGTH_RANGE[0], max_value=HIRES_STRENGTH_RANGE[1])

    def recipe(self, user: User, code: str) -> Recipe:
        """Of a valid form. Raises Refusal."""
        said = self.cleaned_data
        scale, upscaler = said["scale"] or SCALES[1], said["upscaler"] or LANCZOS
        return enlarging(user, code, scale, upscaler, said["strength"] or 0.0)


@signed_in_only
@require_http_methods(["GET", "POST"])
def upscale(request: SignedInRequest, code: str) -> HttpResponse:
    """GET shows the price of what is chosen in the address; POST queues it."""
    image = own_image(request, code)
    picture = EnlargedPicture(
        code=image.code,
        alt=image.alt,
        width=image.width,
        height=image.height,
        url=reverse("image", args=[image.code]),
        place="Picture",
        thumbnail=reverse("image-thumbnail", args=[image.code]),
        upscale_url=reverse("image-upscale", args=[image.code]),
    )
    return enlarge(request, picture)


@signed_in_only
@require_http_methods(["GET", "POST"])
def upscale_source(request: SignedInRequest, code: str) -> HttpResponse:
    """The same of a picture that the person brought."""
    source = own_source(request, code)
    picture = EnlargedPicture(
        code=source.code,
        alt=str(source),
        width=source.width,
        height=source.height,
        url=reverse("sources"),
        place="Pictures you brought",
        thumbnail=reverse("source-thumbnail", args=[source.code]),
        upscale_url=reverse("source-upscale", args=[source.code]),
    )
    return enlarge(request, picture)


def enlarge(request: SignedInRequest, picture: EnlargedPicture) -> HttpResponse:
    form = UpscaleForm(request.POST if request.method == "POST" else request.GET)
    refusal = None
    recipe: Recipe | None = None
    try:
        if form.is_valid():
            recipe = form.recipe(request.user, picture.code)
            check_plan(request.user, recipe, 1)
            if request.method == "POST":
                submit_jobs(request.user, recipe)
                messages.info(request, "The larger picture is on its way.")
                return redirect("create")
    except Refusal as refused:
        refusal = refused
    return page(request, picture, form, recipe, refusal)


def page(
    request: SignedInRequest,
    picture: EnlargedPicture,
    form: UpscaleForm,
    recipe: Recipe | None,
    refusal: Refusal | None,
) -> HttpResponse:
    chosen = recipe.enlarge if recipe else None
    context = {
        "picture": picture,
        "form": form,
        "refusal": refusal,
        "scales": SCALES,
        "upscaler_words": UPSCALER_WORDS,
        "upscalers": upscalers_for(request.user),
        "chosen": chosen,
        "credits": total_price(request.user.plan, [recipe]) if recipe and not refusal else None,
        "left": balance_of(request.user),
    }
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "generation/upscale.html", context, status=status)
