"""My pictures and the page of one: look, filter, star, delete with a way back. Files are `files`' business."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.refusals import Refusal
from generation.jobs.deletion import delete_images, restore_images
from generation.jobs.filing import star_images
from generation.jobs.submission import submit_tracing
from generation.models import Checkpoint, GeneratedImage, Lora
from generation.recipes.picture import Recipe
from generation.storage.zips import MAX_PICTURES, zip_attachment
from generation.web.access import SignedInRequest, asks_for_part, own_image, refusals_on, signed_in_only
from generation.web.paging import neighbours
from generation.web.pictures.chain import chain_of
from generation.web.pictures.listing import back, listing_of, say_refusal
from generation.web.public_pictures import Ingredient, ingredients, registry

IMAGES_A_PAGE = 60


@signed_in_only
@require_GET
def images(request: SignedInRequest) -> HttpResponse:
    """The person's own pictures, newest first; what keeps only some of them stands in the address."""
    listing = listing_of(request, IMAGES_A_PAGE)
    context = {
        "listing": listing,
        "page": listing.page,
        "undo": request.session.pop("undo", []),
    }
    return render(request, "generation/images.html", context, status=400 if listing.refusal else 200)


@signed_in_only
@require_GET
def image(request: SignedInRequest, code: str) -> HttpResponse:
    """One picture, its recipe, and its neighbours in time."""
    own = own_image(request, code)
    mine = GeneratedImage.objects.of(request.user).kept()
    newer, older = neighbours(mine, own)
    context = {
        "image": own,
        "recipe": own.recipe,
        "ingredients": ingredients_of(request.user, own.recipe),
        "newer": newer,
        "older": older,
        "publication": registry.state_of(own),
        "siblings": siblings_of(own, mine),
        "chain": chain_of(request.user, own),
    }
    return render(request, "generation/image.html", context)


def siblings_of(own: GeneratedImage, mine: QuerySet[GeneratedImage]) -> list[GeneratedImage]:
    """The pictures of the same press of the button; empty when it stands alone."""
    if own.job is None:
        return []
    together = list(mine.filter(job__submission=own.job.submission).order_by("job__position"))
    return together if len(together) > 1 else []


def ingredients_of(user: User, recipe: Recipe) -> list[Ingredient]:
    """The weight files of a recipe, by their pins, as far as this user may see them."""
    pins = [pick.sha256 for pick in recipe.every_lora]
    checkpoints = {row.sha256: row for row in Checkpoint.objects.filter(sha256=recipe.checkpoint_sha256)}
    loras = {row.sha256: row for row in Lora.objects.visible_to(user).filter(sha256__in=pins)}
    return ingredients(recipe, checkpoints.get(recipe.checkpoint_sha256), loras)


@signed_in_only
@require_POST
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    own_image(request, code)
    return deleted(request, delete_images(request.user, [code]))


@signed_in_only
@require_POST
def delete_picked(request: SignedInRequest) -> HttpResponse:
    return deleted(request, delete_images(request.user, request.POST.getlist("picked")[:IMAGES_A_PAGE]))


def deleted(request: SignedInRequest, codes: list[str]) -> HttpResponse:
    """A script brings them back itself; without one the next page offers it, once."""
    if asks_for_part(request):
        return JsonResponse({"deleted": codes})
    request.session["undo"] = codes
    return redirect("images")


@signed_in_only
@require_POST
def star(request: SignedInRequest) -> HttpResponse:
    """Star the picked ones, or with an empty `starred` take their stars off."""
    starred = bool(request.POST.get("starred"))
    codes = star_images(request.user, request.POST.getlist("picked")[:IMAGES_A_PAGE], starred)
    return JsonResponse({"codes": codes, "starred": starred}) if asks_for_part(request) else back(request)


@signed_in_only
@require_POST
def download_picked(request: SignedInRequest) -> HttpResponseBase:
    """One zip of the picked ones."""
    codes = request.POST.getlist("picked")[: MAX_PICTURES + 1]
    rows = GeneratedImage.objects.of(request.user).kept().filter(code__in=codes)
    try:
        return zip_attachment(rows, "tempera-pictures.zip")
    except Refusal as refusal:
        return say_refusal(request, refusal)


@signed_in_only
@require_POST
def restore(request: SignedInRequest) -> HttpResponse:
    back = restore_images(request.user, request.POST.getlist("picked")[:IMAGES_A_PAGE])
    return JsonResponse({"restored": back}) if asks_for_part(request) else redirect("images")


@signed_in_only
@require_POST
@refusals_on("image", "code")
def trace(request: SignedInRequest, code: str) -> HttpResponse:
    """Have the picture traced; the page shows when it is ready."""
    submit_tracing(own_image(request, code))
    if asks_for_part(request):
        return tracing(request, code)
    messages.info(request, "The picture is being traced into an SVG. It will be among its downloads in a moment.")
    return redirect("image", code)


@signed_in_only
@require_GET
def tracing_state(request: SignedInRequest, code: str) -> HttpResponse:
    return tracing(request, code)


def tracing(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "generation/svg_entry.html", {"image": own_image(request, code)})
