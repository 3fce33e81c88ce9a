"""Upscales of a picture that somebody has: the recipe that is submitted for one, and what there is to enlarge by."""

from __future__ import annotations

from accounts.models import User
from generation.catalog.resolving import find_checkpoint
from generation.jobs.pinning import picture_of
from generation.models import GeneratedImage, Upscaler
from generation.recipes.enlarging import LANCZOS, OVERLAP, Enlarge
from generation.recipes.fields import FIELDS, defaults_for
from generation.recipes.picture import Recipe


def upscalers_for(user: User) -> list[str]:
    """The names of all that this person may enlarge pictures by, Lanczos first."""
    return [LANCZOS, *Upscaler.objects.usable_by(user).order_by("name").values_list("name", flat=True)]


def enlarging(
    user: User, code: str, scale: float, upscaler: str = LANCZOS, strength: float = 0.0, overlap: int = OVERLAP
) -> Recipe:
    """The recipe of an upscale of the picture with this code, which keeps what the picture was drawn with.

    `strength` above 0 draws it over in tiles that share `overlap` pixels. Raises NotFound for a picture that they may
    not use, Refusal for a scale or a result beyond what is made.
    """
    enlarge = Enlarge(picture_of(user, code), scale, upscaler, strength=strength, overlap=overlap)
    own = GeneratedImage.objects.of(user).kept().filter(sha256=enlarge.source.sha256).first()
    if own is not None:
        return own.recipe.enlarged(enlarge)
    if not strength:
        return Recipe("", enlarge=enlarge)
    usual = defaults_for(find_checkpoint(user, ""))
    return Recipe(**{**usual, "prompt": "", "seed": FIELDS["seed"].default}, enlarge=enlarge)
