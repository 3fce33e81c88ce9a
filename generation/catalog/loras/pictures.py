"""Which of a person's own pictures were drawn with a LoRA's file."""

from __future__ import annotations

from accounts.models import User
from generation.models import GeneratedImage, Lora

LOOKED_AT = 400


def pictures_with(user: User, lora: Lora) -> list[GeneratedImage]:
    """This person's own kept pictures that were drawn with the file, newest first, among their latest."""
    rows = GeneratedImage.objects.of(user).kept().filter(prompt__contains="<lora:", job__isnull=False)
    return [image for image in rows.newest()[:LOOKED_AT] if lora.sha256 in {pick.sha256 for pick in image.recipe.loras}]
