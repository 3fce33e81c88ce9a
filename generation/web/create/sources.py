"""Pictures to start from, as pages have them: brought, shown, listed and deleted. Masks are such pictures too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.refusals import NotFound, Refusal
from generation.jobs.masks import keep_mask
from generation.jobs.pinning import picture_of
from generation.jobs.sources import alpha_mask_of, bring_picture, delete_source, file_with, room_of
from generation.models import SourcePicture
from generation.storage.downloads import FOR_NOBODY, inline
from generation.web.access import SignedInRequest, asks_for_part, refusals_on, refused, signed_in_only
from generation.web.create.drafts import draft_of, keep_draft
from generation.web.create.starting import GROW_ROWS, LIKE_SOURCE
from generation.web.paging import page_of

SOURCES_A_PAGE = 60


@signed_in_only
@require_http_methods(["GET", "POST"])
def sources(request: SignedInRequest) -> HttpResponse:
    """What the person has brought; POST brings a `picture`, which the Create page then starts from."""
    if request.method == "GET":
        count, size = room_of(request.user)
        context = {
            "page": page_of(SourcePicture.objects.of(request.user).newest(), request, SOURCES_A_PAGE),
            "count": count,
            "size": size,
            "plan": request.user.plan,
        }
        return render(request, "generation/sources.html", context)
    try:
        source = bring_picture(request.user, posted(request.FILES))
    except Refusal as refusal:
        if asks_for_part(request):
            return refused(refusal)
        messages.error(request, refusal.message)
        return redirect("create")
    if not asks_for_part(request):
        start_draft(request, source.code)
        return redirect("create")
    return answered(source)


@signed_in_only
@require_POST
def masks(request: SignedInRequest) -> HttpResponse:
    """Keep the painted `picture` in the place of the mask whose code is `before`."""
    try:
        return answered(keep_mask(request.user, posted(request.FILES), request.POST.get("before", "")))
    except Refusal as refusal:
        return refused(refusal)


@signed_in_only
@require_POST
def alpha(request: SignedInRequest, code: str) -> HttpResponse:
    """What is transparent of a picture, as a mask."""
    try:
        return answered(alpha_mask_of(request.user, own_source(request, code)))
    except Refusal as refusal:
        return refused(refusal)


@signed_in_only
@require_GET
def file(request: SignedInRequest, code: str) -> HttpResponse:
    """The pixels of any picture that the person may start from: one they brought, one of theirs, a public one."""
    try:
        found = picture_of(request.user, code)
        name = file_with(found.sha256)
        return inline(request, name, "image/png", FOR_NOBODY, filename=f"{code[:16]}.png", etag=found.sha256[:32])
    except NotFound as missing:
        raise Http404(missing.message) from missing


@signed_in_only
@require_GET
def thumbnail(request: SignedInRequest, code: str) -> HttpResponse:
    source = own_source(request, code)
    etag = f"{source.sha256[:32]}-webp"
    return inline(request, source.thumbnail, "image/webp", FOR_NOBODY, filename=f"{source.code}.webp", etag=etag)


@signed_in_only
@require_POST
@refusals_on("sources")
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    """At once: a job that still waits for it fails and is refunded."""
    delete_source(own_source(request, code))
    messages.success(request, "The picture is deleted.")
    return redirect("sources")


def own_source(request: SignedInRequest, code: str) -> SourcePicture:
    source: SourcePicture | None = SourcePicture.objects.of(request.user).filter(code=code).first()
    if source is None:
        raise Http404("There is no such picture, or it is not yours.")
    return source


def posted(uploads: Mapping[str, UploadedFile[Any]]) -> UploadedFile[Any]:
    """The posted picture. Raises Refusal where there is none."""
    upload = uploads.get("picture")
    if upload is None:
        raise Refusal("no-picture", "Choose a picture first.", field="source")
    return upload


def answered(source: SourcePicture) -> JsonResponse:
    told = {"code": source.code, "width": source.width, "height": source.height, "has_alpha": source.has_alpha}
    return JsonResponse({**told, "url": reverse("source-file", args=[source.code])}, status=201)


def start_draft(request: SignedInRequest, code: str) -> None:
    """Let the draft start from another picture: its mask was of the last one, its size follows the new one."""
    unmasked = {"mask": "", "area": "", **{row.name: "" for row in GROW_ROWS}}
    keep_draft(request.user, {**draft_of(request.user), **unmasked, "source": code, "size": LIKE_SOURCE})
