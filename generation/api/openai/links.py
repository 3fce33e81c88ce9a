"""Addresses of finished pictures for answers with `url`: signed, good for ten minutes, and for nothing else.

Whoever has one sees the picture, as its reader is often another machine without the token.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from accounts.refusals import NotAllowed, NotFound
from generation.api.openai.asking import Delivery
from generation.models import GeneratedImage
from generation.storage.downloads import picture_attachment

SECONDS = 600
SALT = "openai-picture"


def address_of(request: Request, image: GeneratedImage, delivery: Delivery) -> str:
    """On the host that the client itself has called, which may know the site by another name than people do."""
    signed = signing.dumps([image.code, delivery.format, delivery.quality], salt=SALT)
    return request.build_absolute_uri(reverse("openai-picture", args=[signed]))


def picture_of(signed: str) -> HttpResponse:
    """The file that an address was made for. Raises NotAllowed once it is over or was changed, NotFound when gone."""
    try:
        code, format, quality = signing.loads(signed, salt=SALT, max_age=SECONDS)
    except signing.SignatureExpired:
        raise NotAllowed("link-expired", f"This address was good for {SECONDS // 60} minutes.") from None
    except signing.BadSignature:
        raise NotAllowed("bad-link", "This is no address that was given out here.") from None
    image = GeneratedImage.objects.kept().filter(code=code, owner__is_active=True).first()
    if image is None:
        raise NotFound("not-found", "There is no such picture any more.")
    return picture_attachment(image, format, quality)
