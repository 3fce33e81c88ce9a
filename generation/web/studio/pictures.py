"""The pictures of a data set, one by one: they come, get captions and crops, are shown, and go."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.models import GeneratedImage
from generation.storage.downloads import FOR_NOBODY, inline
from generation.training.datasets.captioning import caption_counter, caption_of, set_caption
from generation.training.datasets.cropping import set_crop, set_focus
from generation.training.datasets.lifecycle import remove_picture
from generation.training.datasets.uploads import Collected, add_images, add_uploads
from generation.web.access import SignedInRequest, asks_for_part, refusals_on, signed_in_only
from generation.web.paging import page_of
from generation.web.studio.access import own_dataset, own_picture
from generation.web.studio.dataset_table import token_words
from generation.web.studio.datasets import REFUSED

IMAGES_A_PAGE = 60


@signed_in_only
@require_POST
def add(request: SignedInRequest, code: str) -> HttpResponse:
    """Take the posted `files`: pictures, zips, and caption files."""
    dataset = own_dataset(request, code)
    collected = add_uploads(dataset, request.FILES.getlist("files"), similar_too="similar" in request.POST)
    return upload_answer(request, code, collected)


@signed_in_only
@require_http_methods(["GET", "POST"])
def images(request: SignedInRequest, code: str) -> HttpResponse:
    """Choose among one's own made pictures; POST adds the picked ones."""
    dataset = own_dataset(request, code)
    mine = GeneratedImage.objects.of(request.user).kept()
    if request.method == "GET":
        context = {"dataset": dataset, "page": page_of(mine, request, IMAGES_A_PAGE)}
        return render(request, "generation/studio/dataset_images.html", context)
    picked = mine.filter(code__in=request.POST.getlist("picked")[:IMAGES_A_PAGE]).order_by("pk")
    return upload_answer(request, code, add_images(dataset, picked, similar_too="similar" in request.POST))


def upload_answer(request: SignedInRequest, code: str, collected: Collected) -> HttpResponse:
    """A script shows what was refused itself; without one the data set's page does, once."""
    rejected = [{"name": each.name, "code": each.code, "sentence": each.sentence} for each in collected.refused]
    if asks_for_part(request):
        return JsonResponse({"added": len(collected.added), "captioned": len(collected.captioned), "refused": rejected})
    request.session[REFUSED] = rejected
    if collected.added or not collected.captioned:
        messages.success(request, f"{counted(len(collected.added), 'picture')} added.")
    if collected.captioned:
        messages.success(request, f"{counted(len(collected.captioned), 'caption')} changed.")
    return redirect("dataset", code)


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@signed_in_only
@require_POST
@refusals_on("dataset", "code")
def caption(request: SignedInRequest, code: str, picture: str) -> HttpResponse:
    row = own_picture(request, code, picture)
    set_caption(row, request.POST.get("caption", ""))
    count = caption_counter()
    length = count(caption_of(row, row.dataset)) if count else None
    return answer(request, code, caption=row.caption, tokens=token_words(length))


@signed_in_only
@require_POST
@refusals_on("dataset", "code")
def crop(request: SignedInRequest, code: str, picture: str) -> HttpResponse:
    """`crop` holds four edges with commas between, `focus` across and down; nothing leaves either to the trainer."""
    row = own_picture(request, code, picture)
    with transaction.atomic():
        set_crop(row, numbers_of(request.POST.get("crop", "")))
        set_focus(row, numbers_of(request.POST.get("focus", "")))
    return answer(request, code, crop=row.crop, focus=row.focus)


def numbers_of(text: str) -> Sequence[float] | None:
    """The numbers that were typed; what is none makes a crop or a focus that is refused."""
    if not text.strip():
        return None
    try:
        return [float(number) for number in text.split(",")[:5]]
    except ValueError:
        return ()


@signed_in_only
@require_POST
@refusals_on("dataset", "code")
def remove(request: SignedInRequest, code: str, picture: str) -> HttpResponse:
    remove_picture(own_picture(request, code, picture))
    return answer(request, code, removed=picture)


def answer(request: SignedInRequest, code: str, **data: object) -> HttpResponse:
    """JSON for a script; for a form the data set's page."""
    return JsonResponse(data) if asks_for_part(request) else redirect("dataset", code)


@signed_in_only
@require_GET
def file(request: SignedInRequest, code: str, picture: str) -> HttpResponse:
    row = own_picture(request, code, picture)
    etag = f"{row.sha256[:32]}-file"
    return inline(request, row.file, "image/png", FOR_NOBODY, filename=f"{row.code}.png", etag=etag)


@signed_in_only
@require_GET
def thumbnail(request: SignedInRequest, code: str, picture: str) -> HttpResponse:
    row = own_picture(request, code, picture)
    etag = f"{row.sha256[:32]}-small"
    return inline(request, row.thumbnail, "image/webp", FOR_NOBODY, filename=f"{row.code}-small.webp", etag=etag)
