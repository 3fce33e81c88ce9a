"""Masks that are painted on a page: kept like pictures that are brought, each in the place of the one before."""

from __future__ import annotations

from typing import IO

from accounts.models import User
from generation.jobs.sources import Upload, bring_picture, delete_source
from generation.models import Job, SourcePicture


def keep_mask(user: User, file: Upload | IO[bytes], before: str = "") -> SourcePicture:
    """Keep a mask, and delete the one with the code `before` if nothing was made or is to be made with it.

    Deleted first, since a full plan would refuse a mask that only takes another's place. Raises Refusal as
    `bring_picture`.
    """
    last = SourcePicture.objects.of(user).unneeded().filter(code=before).first() if before else None
    if last is not None and not _is_waited_for(user, last):
        delete_source(last)
    return bring_picture(user, file)


def _is_waited_for(user: User, mask: SourcePicture) -> bool:
    named = {"recipe_json__start__mask__sha256": mask.sha256}
    return bool(Job.objects.of(user).unfinished().filter(**named).exists())
