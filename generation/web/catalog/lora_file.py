"""The file of a LoRA, for its owner and for those who may download it; sent in pieces, since files are large."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from generation.catalog.loras.sharing import downloadable
from generation.storage.downloads import streamed_attachment
from generation.web.access import signed_out


@require_GET
async def download(request: HttpRequest, name: str) -> HttpResponse | StreamingHttpResponse:
    """404 for everybody who may not have it; each time somebody else takes it is counted."""
    user = await request.auser()
    if not user.is_authenticated:
        return signed_out(request)
    row_and_path = await sync_to_async(downloadable)(user, name)
    if row_and_path is None:
        raise Http404("There is no such file, or it is not to be downloaded.")
    lora, path = row_and_path
    return streamed_attachment(path, f"{lora.name}.safetensors")
