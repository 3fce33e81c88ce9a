"""Addresses of pictures that everybody may see: on the pictures' own host, where one is set. Others lead there."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def open_address(name: str, *args: str | int) -> str:
    """The address of a public picture's file. For anybody's private one, `reverse` it: the site signs the way there."""
    return f"{settings.MEDIA_ORIGIN}{reverse(name, args=args)}"
