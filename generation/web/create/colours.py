"""A picture comes to the Create page for its colours alone: they become the palette. Nothing of it is kept."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.refusals import Refusal
from generation.imaging.colours import main_colours
from generation.imaging.untrusted import MAX_FILE_BYTES, open_picture
from generation.imaging.upright import upright
from generation.recipes.palette import MAX_COLOURS
from generation.storage import files
from generation.web.access import SignedInRequest, asks_for_part, own_image, refusals_on, signed_in_only
from generation.web.create.drafts import draft_of, keep_draft


@signed_in_only
@require_POST
@refusals_on("create")
def colours(request: SignedInRequest) -> HttpResponse:
    """The main colours of the posted `picture`, or of the own one whose code is `image`: a script gets them, a browser
    finds them in its draft."""
    palette = " ".join(main_colours(upright(open_picture(posted(request, request.FILES.get("picture")))), MAX_COLOURS))
    if asks_for_part(request):
        return JsonResponse({"palette": palette})
    keep_draft(request.user, {**draft_of(request.user), "palette": palette})
    return redirect("create")


def posted(request: SignedInRequest, upload: UploadedFile[Any] | None) -> bytes:
    if code := request.POST.get("image", ""):
        return files.read_kept(own_image(request, code).file)
    if upload is None:
        raise Refusal("no-picture", "Choose a picture first.", field="picture")
    if (upload.size or 0) > MAX_FILE_BYTES:
        raise Refusal("picture-too-large", f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.", field="picture")
    data: bytes = upload.read()
    return data
