"""Deleting pictures and bringing them back: for a day the rows only hide, then `upkeep` sweeps their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import User
from generation.models import GeneratedImage

UNDO_WITHIN = timedelta(hours=23)
"""An hour less than the sweep waits, so that no file is swept between the look and the update."""


def delete_images(user: User, codes: Sequence[str]) -> list[str]:
    """Hide the person's own pictures among `codes`; the codes that were hidden now."""
    rows = GeneratedImage.objects.of(user).kept().filter(code__in=codes)
    hidden = list(rows.values_list("code", flat=True))
    rows.filter(code__in=hidden).update(deleted_at=Now())
    return hidden


def restore_images(user: User, codes: Sequence[str]) -> list[str]:
    """Bring the person's own deleted pictures back, while their files are there; the codes that came back."""
    rows = GeneratedImage.objects.of(user).filter(code__in=codes, deleted_at__gt=Now() - UNDO_WITHIN)
    back = list(rows.values_list("code", flat=True))
    rows.filter(code__in=back).update(deleted_at=None)
    return back
