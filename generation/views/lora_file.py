"""The file of a LoRA, for its owner and for those who may download it; sent in pieces, since files are large."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from generation.loras.files import path_of_row
from generation.loras.owning import count_download
from generation.models import Lora
from generation.views.access import signed_out

PIECE = 1024**2


@require_GET
async def download(request: HttpRequest, name: str) -> HttpResponse | StreamingHttpResponse:
    """404 for everybody who may not have it; each time somebody else takes it is counted."""
    user = await request.auser()
    if not user.is_authenticated:
        return signed_out(request)
    found = await sync_to_async(downloadable)(user, name)
    if found is None:
        raise Http404("There is no such file, or it is not to be downloaded.")
    return attachment(*found)


def downloadable(user: Any, name: str) -> tuple[Lora, Path] | None:
    """The row and where its file lies; counted unless it is their own."""
    lora = Lora.objects.visible_to(user).filter(name=name).first()
    if lora is None or not (lora.owner_id == user.pk or lora.may_download):
        return None
    path = path_of_row(lora)
    if path is not None and lora.owner_id != user.pk:
        count_download(lora)
    return (lora, path) if path else None


def attachment(lora: Lora, path: Path) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces(path), content_type="application/octet-stream")
    response["Content-Length"] = path.stat().st_size
    response["Content-Disposition"] = f'attachment; filename="{lora.name}.safetensors"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def pieces(path: Path) -> AsyncIterator[bytes]:
    file = await sync_to_async(lambda: path.open("rb"))()
    try:
        while piece := await sync_to_async(file.read)(PIECE):
            yield piece
    finally:
        await sync_to_async(file.close)()
