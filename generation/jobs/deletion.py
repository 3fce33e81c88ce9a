"""Deleting pictures and bringing them back: for a day the rows only hide, then `upkeep` sweeps their files.

Erasing is for who leaves the site: the files go at once, and the recipes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.models import User
from generation.jobs.upkeep import remove_files
from generation.models import Draft, GeneratedImage, Job, KeptAnswer, LabGrid, LoraMerge, Wildcard
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe

BATCH = 500
ERASED = "[deleted]"
"""Stands for a prompt that was taken away; a recipe needs one."""
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


def erase_pictures(user: User) -> int:
    """Remove the files and the words of all that a person has drawn, and what else the pages keep for them; how many.

    Rows of ended jobs, of their pictures and grids stay without words, since the ledger names them. May be repeated.
    """
    images, recipe = GeneratedImage.objects.of(user), Recipe(ERASED)
    images.kept().update(deleted_at=Now())
    erased = remove_files(images)
    _in_batches(images.exclude(prompt=ERASED), recipe_json=recipe.to_json(), prompt=ERASED, infotext="")
    ended = Job.objects.of(user).exclude(state__in=Job.UNFINISHED)
    _in_batches(ended.exclude(prompt=ERASED), recipe_json=recipe.to_json(), prompt=ERASED)
    drawn = LabGrid.objects.of(user).exclude(state=LabGrid.State.DRAWING)
    plan = GridPlan(recipe, (Axis("steps", (str(recipe.steps),)),))
    _in_batches(drawn.exclude(prompt=ERASED), plan_json=plan.to_json(), prompt=ERASED)
    for rows in (Draft.objects.filter(owner=user), KeptAnswer.objects.filter(user=user)):
        rows.delete()
    Wildcard.objects.filter(owner=user).delete()
    LoraMerge.objects.of(user).exclude(state__in=LoraMerge.UNFINISHED).delete()
    return erased


def _in_batches(rows: QuerySet[Any], **fields: Any) -> None:
    """Update rows that do not fit the query afterwards, a few hundred in a transaction: nobody waits long."""
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).update(**fields)
