"""Several kept pictures as one zip, sent while it is made: each PNG as it was drawn, with all that it carries."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Sequence

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.cache import patch_cache_control
from django.utils.text import slugify

from accounts.refusals import NotFound, Refusal, counted
from generation.models import GeneratedImage
from generation.models.images import ImageQuerySet
from generation.storage import files

MAX_PICTURES = 500
MAX_BYTES = 2**30
WORDS_CHARS = 40


def zip_attachment(rows: ImageQuerySet, filename: str) -> StreamingHttpResponse:
    """These pictures as a download. Refuses none at all, and more than one zip may hold."""
    images = list(rows.order_by("-pk").defer("recipe_json", "infotext", "search_words")[: MAX_PICTURES + 1])
    if not images:
        raise Refusal("nothing-picked", "Pick the pictures first.", field="picked")
    if len(images) > MAX_PICTURES:
        raise Refusal("too-many-pictures", f"One zip holds {counted(MAX_PICTURES, 'picture')}. Pick fewer.")
    size = sum(image.size_bytes for image in images)
    if size > MAX_BYTES:
        sentence = f"These take {filesizeformat(size)}, and one zip holds {filesizeformat(MAX_BYTES)}. Pick fewer."
        raise Refusal("too-many-bytes", sentence)
    response = StreamingHttpResponse(_zipped(images), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


def name_in_zip(image: GeneratedImage) -> str:
    """Some words of the prompt, for people, and the code, which no other picture has."""
    words = slugify(image.prompt)[:WORDS_CHARS].strip("-")
    return f"{words}-{image.code}.png" if words else f"{image.code}.png"


class _Outlet:
    """A file that is only written to, and hands on what it was given since the last time."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


async def _zipped(images: Sequence[GeneratedImage]) -> AsyncIterator[bytes]:
    """One picture is in memory at a time. One whose file is gone is named in a text at the end."""
    outlet, missing = _Outlet(), []
    # Pictures are packed already; so large that the older form of a zip will not do, they cannot be.
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:  # type: ignore[call-overload]
        for image in images:
            try:
                data = await sync_to_async(files.read_kept)(image.file)
            except NotFound:
                missing.append(name_in_zip(image))
                continue
            archive.writestr(zipfile.ZipInfo(name_in_zip(image), image.created_at.timetuple()[:6]), data)
            yield outlet.take()
        if missing:
            archive.writestr("missing.txt", "The files of these pictures are gone:\n" + "\n".join(missing) + "\n")
    yield outlet.take()
