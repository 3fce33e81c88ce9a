"""Which pictures a recipe may name: its user's own and those that are public, found and held to by their hash.

Rows alone; bringing and deleting pictures, and their files, are in `sources`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from generation.jobs.sharing import public_pictures
from generation.models import GeneratedImage, SourcePicture, SourceUse
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef

CODE_CHARS = 64


def picture_of(user: User, code_or_sha256: str) -> PictureRef:
    """The picture that somebody may start from: one that they brought, one of theirs, or a public one that may be
    remixed, by its post's code. Raises NotFound for any other, which is the same as none."""
    word = code_or_sha256[:CODE_CHARS]
    by = {"sha256": word} if len(word) == 64 else {"code": word}
    source = SourcePicture.objects.of(user).filter(**by).first() if user.pk else None
    if source is not None:
        return PictureRef(source.sha256, source.width, source.height, source.code)
    image = GeneratedImage.objects.of(user).kept().filter(**by).first() if user.pk else None
    if image is None and "code" in by:
        image = public_pictures.remixable(word)
    if image is None:
        raise NotFound("unknown-picture", "There is no such picture to start from, or it is not yours.", field="source")
    return PictureRef(image.sha256, image.width, image.height, word if "code" in by else image.code)


def pin_pictures(user: User, recipes: Sequence[Recipe]) -> None:
    """Raise Refusal unless the user may start from every picture that these recipes name, as they name it.

    The shell, whose user is nobody's row, brings pictures of its own.
    """
    if user.pk is None:
        return
    for picture in {picture for recipe in recipes for picture in recipe.pictures}:
        found = _still_there(user, picture)
        if (found.sha256, found.size) != (picture.sha256, picture.size):
            raise NotFound("unknown-picture", "A picture to start from is not the one that was chosen.", field="source")
    starts = [recipe.start for recipe in recipes if recipe.start]
    masks = {start.mask.sha256 for start in starts if start.mask and not any(start.grow)}
    if masks and SourcePicture.objects.of(user).filter(sha256__in=masks, is_blank=True).exists():
        raise Refusal("empty-mask", "The mask is empty: paint what is to be drawn.", field="mask")


def texts_of(user: User, recipes: Iterable[Recipe]) -> list[str]:
    """The prompts in the files of pictures that the user brought and these recipes start from."""
    named = {picture.sha256 for recipe in recipes for picture in recipe.pictures}
    rows = SourcePicture.objects.of(user).filter(sha256__in=named).exclude(prompt="") if named else ()
    return [row.prompt for row in rows]


def prolong(user: User, sha256s: Iterable[str]) -> None:
    """They were used just now: their days begin anew."""
    SourcePicture.objects.of(user).filter(sha256__in=list(sha256s)).update(expires_at=expiry_of(user))


def note_uses(image: GeneratedImage, recipe: Recipe) -> None:
    """That a picture that is being kept was made from others, inside the transaction that makes its row."""
    named = [picture.sha256 for picture in recipe.pictures]
    if named:
        rows = SourcePicture.objects.filter(owner_id=image.owner_id, sha256__in=named)
        SourceUse.objects.bulk_create((SourceUse(source=row, image=image) for row in rows), ignore_conflicts=True)


def expiry_of(user: User) -> datetime:
    """When a picture that is used now is deleted, unless something was made from it."""
    return timezone.now() + timedelta(days=user.plan.source_days)


def _still_there(user: User, picture: PictureRef) -> PictureRef:
    """By its hash where it is the user's, else by the code of a public one."""
    try:
        return picture_of(user, picture.sha256)
    except NotFound:
        if not picture.code:
            raise
        return picture_of(user, picture.code)
