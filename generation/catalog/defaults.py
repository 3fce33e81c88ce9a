"""What the operator decides about checkpoints: which one is the default, and what each recommends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.refusals import Conflict
from generation.models import Checkpoint
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import FIELDS, SIDE_STEP, Name, RecipeField, Side


def make_default(checkpoint: Checkpoint) -> None:
    """Let an untouched recipe take this one from now on, and no other. Conflict where not everybody may pick it."""
    with transaction.atomic():
        rows = {row.pk: row for row in Checkpoint.objects.select_for_update().order_by("pk")}
        chosen = rows.get(checkpoint.pk)
        if chosen is None or not (chosen.is_public and chosen.is_enabled):
            raise Conflict(
                "not-for-everybody", f"“{checkpoint}” is not offered to everybody: it cannot be the default."
            )
        # Off before on: the database allows one at every moment.
        Checkpoint.objects.filter(is_default=True).exclude(pk=chosen.pk).update(is_default=False)
        Checkpoint.objects.filter(pk=chosen.pk).update(is_default=True)


def check_recommended(values: Mapping[str, Any]) -> None:
    """Sides, steps, CFG and sampler under a checkpoint's names for them, as far as they are among `values`.

    Raises InvalidRecipe, whose field is the checkpoint's: a recommendation must be a value that recipes can have.
    """
    for row in FIELDS.values():
        if row.checkpoint in values and row.checkpoint != "name":
            try:
                _check(row, values[row.checkpoint])
            except InvalidRecipe as refusal:
                raise InvalidRecipe(row.checkpoint, refusal.message) from refusal


def _check(row: RecipeField, value: Any) -> None:
    row.check(value)
    if isinstance(row, Name) and value not in row.names:
        raise InvalidRecipe(row.name, f"{row.title} must be one of: {', '.join(row.names)}.")
    if isinstance(row, Side) and value % SIDE_STEP:
        raise InvalidRecipe(row.name, f"{row.title} must be a multiple of {SIDE_STEP}.")
