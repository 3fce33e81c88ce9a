"""Which pictures of a data set are held out of training, to measure on, and whether all of them are, in turn."""

from __future__ import annotations

import random

from accounts.refusals import Refusal
from generation.models import DataSet
from generation.recipes.checks import MAX_SEED
from generation.recipes.training import default_folds, split


def held_out_of(dataset: DataSet) -> set[int]:
    """The primary keys of the pictures that a training never sees, unless it has folds."""
    keys = list(dataset.pictures.order_by("pk").values_list("pk", flat=True))
    return {keys[index] for index in split(len(keys), dataset.seed, dataset.held_out)}


def usual_folds(dataset: DataSet) -> int:
    """In how many folds a training of it starts: few pictures are held out in turn, unless a number was set."""
    return default_folds(dataset.pictures.count()) if dataset.held_out is None else 1


def set_split(dataset: DataSet, held_out: int | None, seed: int | None = None) -> None:
    """Hold out so many pictures (None: a quarter), drawn by `seed` (None: a new one). Raises Refusal."""
    most = max(0, dataset.pictures.count() - 1)
    if held_out is not None and not 0 <= held_out <= most:
        raise Refusal("bad-held-out", f"Hold out 0 to {most} pictures; at least one must be trained.", field="held_out")
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise Refusal("bad-seed", f"A seed lies between 0 and {MAX_SEED}.", field="seed")
    dataset.held_out, dataset.seed = held_out, random.randrange(MAX_SEED + 1) if seed is None else seed
    dataset.save(update_fields=["held_out", "seed"])
