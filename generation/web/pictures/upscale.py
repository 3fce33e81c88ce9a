"""The page on which one of a person's pictures is made larger: what by, how much, what it costs, and the press."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.credits import balance_of
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.prices import total_price
from generation.jobs.enlarging import enlarging, upscalers_for
from generation.jobs.submission import check_plan, submit_jobs
from generation.models import GeneratedImage
from generation.recipes.enlarging import HIRES_STRENGTH_RANGE, LANCZOS
from generation.recipes.picture import Recipe
from generation.web.access import SignedInRequest, own_image, signed_in_only

SCALES = (1.5, 2.0, 3.0, 4.0)


class UpscaleForm(forms.Form):
    scale = forms.FloatField(required=False)
    upscaler = forms.CharField(required=False, max_length=100)
    strength = forms.FloatField(required=False, min_value=HIRES_STRENGTH_RANGE[0], max_value=HIRES_STRENGTH_RANGE[1])

    def recipe(self, user: User, image: GeneratedImage) -> Recipe:
        """Of a valid form. Raises Refusal."""
        said = self.cleaned_data
        scale, upscaler = said["scale"] or SCALES[1], said["upscaler"] or LANCZOS
        return enlarging(user, image.code, scale, upscaler, said["strength"] or 0.0)


@signed_in_only
@require_http_methods(["GET", "POST"])
def upscale(request: SignedInRequest, code: str) -> HttpResponse:
    """GET shows the price of what is chosen in the address; POST queues it."""
    image = own_image(request, code)
    form = UpscaleForm(request.POST if request.method == "POST" else request.GET)
    refusal = None
    recipe: Recipe | None = None
    try:
        if form.is_valid():
            recipe = form.recipe(request.user, image)
            check_plan(request.user, recipe, 1)
            if request.method == "POST":
                submit_jobs(request.user, recipe)
                messages.info(request, "The larger picture is on its way.")
                return redirect("create")
    except Refusal as refused:
        refusal = refused
    return page(request, image, form, recipe, refusal)


def page(
    request: SignedInRequest,
    image: GeneratedImage,
    form: UpscaleForm,
    recipe: Recipe | None,
    refusal: Refusal | None,
) -> HttpResponse:
    chosen = recipe.enlarge if recipe else None
    context = {
        "image": image,
        "form": form,
        "refusal": refusal,
        "scales": SCALES,
        "upscalers": upscalers_for(request.user),
        "chosen": chosen,
        "credits": total_price(request.user.plan, [recipe]) if recipe and not refusal else None,
        "left": balance_of(request.user),
    }
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "generation/upscale.html", context, status=status)
