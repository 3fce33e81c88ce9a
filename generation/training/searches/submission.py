"""Beginning, cancelling and deleting a search: several recipes are trained a while, the worse half is given up.

The ledger knows a search once, with what it may cost at most; its runs hold nothing of their own. How it goes on is
`halving`'s.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from accounts import credits
from accounts.budgets import check_weights
from accounts.models import ApiToken, User
from accounts.refusals import Conflict, Refusal, counted
from generation.models import DataSet, TrainingRun, TrainingSearch
from generation.recipes.halving import rungs
from generation.recipes.training import TrainingRecipe
from generation.training.runs import files, lifecycle
from generation.training.runs.queueing import remember_place
from generation.training.runs.submission import (
    Prepared,
    announce_run,
    check_name,
    enforce_run_limit,
    prepare,
    screen_training,
    write_run,
)
from generation.training.searches.halving import State, close, living_of, rows_of

AXES = (
    "rank", "alpha", "learning_rate", "steps", "batch", "optimizer", "schedule", "min_snr_gamma", "noise_offset",
    "caption_dropout",
)  # fmt: skip
MAX_CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search that may be submitted: its candidates, the steps at which some are pruned, its credits at most."""

    name: str
    recipe: TrainingRecipe
    axes: Mapping[str, Sequence[Any]]
    candidates: Sequence[Prepared]
    stops: Sequence[int]
    credits: int


def submit_search(
    user: User,
    dataset: DataSet,
    recipe: TrainingRecipe,
    name: str,
    axes: Mapping[str, Sequence[Any]],
    budget: int | None = None,
) -> TrainingSearch:
    """Queue a training for each combination of the axes' values. Raises Refusal; then nothing has changed.

    The search never costs more than `budget` credits, which is all that the user has where none is given: it is
    refused when it might.
    """
    return write_search(user, dataset, prepare_search(user, dataset, recipe, name, axes), budget)


def prepare_search(
    user: User, dataset: DataSet, recipe: TrainingRecipe, name: str, axes: Mapping[str, Sequence[Any]]
) -> PreparedSearch:
    """Everything that can be refused is refused here, but for what only the ledger and the limits know."""
    name = check_name(name)
    candidates = candidates_of(user, dataset, recipe, axes)
    screen_training(user, candidates[0])  # they differ in numbers alone
    stops = rungs(max(each.recipe.steps for each in candidates), len(candidates))
    return PreparedSearch(name, recipe, dict(axes), candidates, stops, most_it_costs(candidates, stops))


@transaction.atomic
def write_search(
    user: User, dataset: DataSet, prepared: PreparedSearch, budget: int | None = None, token: ApiToken | None = None
) -> TrainingSearch:
    """The rows, the held credits and the wake-up of a search that may be submitted: all of it or nothing.

    `token` is the API token that asked: its own budget pays beside the wallet.
    """
    check_weights(token, {each.recipe.checkpoint for each in prepared.candidates})
    enforce_run_limit(user)
    # After the share is locked, since the look may fill the wallet.
    budget = credits.balance_of(user) if budget is None else budget
    if prepared.credits > budget:
        sentence = f"This search may cost up to {counted(prepared.credits, 'credit')}, and your limit is {budget}. "
        raise Refusal("over-budget", sentence + "Try fewer values or steps.", field="budget")
    search: TrainingSearch = TrainingSearch.objects.create(
        owner=user, dataset=dataset, name=prepared.name, axes=prepared.axes, recipe_json=prepared.recipe.to_json(),
        budget=budget, credits=prepared.credits, rungs=list(prepared.stops), token=token,
    )  # fmt: skip
    credits.hold(user, search.credits, reference=search.reference, note=f"Search {search.name}", token=token)
    runs = [
        write_run(user, dataset, each, f"{search.name}-{number}", search=search, stop_at=prepared.stops[0])
        for number, each in enumerate(prepared.candidates, 1)
    ]
    transaction.on_commit(lambda: announce_run(*runs))
    return search


def quote_search(user: User, dataset: DataSet, recipe: TrainingRecipe, axes: Mapping[str, Sequence[Any]]) -> int:
    """The credits that the search costs at most. Raises Refusal like a submission."""
    candidates = candidates_of(user, dataset, recipe, axes)
    return most_it_costs(candidates, rungs(max(each.recipe.steps for each in candidates), len(candidates)))


def candidates_of(
    user: User, dataset: DataSet, recipe: TrainingRecipe, axes: Mapping[str, Sequence[Any]]
) -> list[Prepared]:
    """The trainings that the search compares. Raises Refusal where there would be nothing to compare them by."""
    candidates = [prepare(user, dataset, each) for each in combinations(recipe, axes)]
    if recipe.folds == 1 and not any(entry.held_out for entry in candidates[0].manifest):
        sentence = "A search compares by pictures that are held out, and none is. Hold some out, or train with folds."
        raise Refusal("nothing-held-out", sentence, field="folds")
    return candidates


def combinations(recipe: TrainingRecipe, axes: Mapping[str, Sequence[Any]]) -> list[TrainingRecipe]:
    """A recipe for each combination, in order. Raises Refusal."""
    strange = [field for field in axes if field not in AXES]
    if strange:
        raise Refusal("unknown-axis", f"A search cannot vary “{strange[0]}”.", field="axes")
    values = [list(dict.fromkeys(axes[field])) for field in axes]
    if not 2 <= math.prod(map(len, values)) <= MAX_CANDIDATES:
        sentence = (
            f"A search compares 2 to {MAX_CANDIDATES} trainings; these values make {math.prod(map(len, values))}."
        )
        raise Refusal("wrong-number-of-candidates", sentence, field="axes")
    return [recipe.replace(**dict(zip(axes, combination, strict=True))) for combination in itertools.product(*values)]


def most_it_costs(candidates: Sequence[Prepared], stops: Sequence[int]) -> int:
    """Credits when always the dearest half survives."""
    total, before, left = 0, [0] * len(candidates), len(candidates)
    for stop in stops:
        now = [math.ceil(each.credits * min(1.0, stop / each.recipe.steps)) for each in candidates]
        dearest = sorted((after - paid for after, paid in zip(now, before, strict=True)), reverse=True)
        total += sum(dearest[:left])
        before, left = now, math.ceil(left / 2)
    return total


def cancel_search(search: TrainingSearch) -> None:
    """End it as its owner asks: of what still trains only that is charged which was downloaded.

    Raises Conflict when it has ended.
    """
    with transaction.atomic():
        # The search before its runs, as where it is advanced.
        TrainingSearch.objects.running().select_for_update().filter(pk=search.pk).first()
        living = lifecycle.hold_still(rows_of(living_of(search)).unfinished())
        if not close(search, State.CANCELLED):
            raise Conflict("already-ended", "This search has already ended.")
        for run in living:
            lifecycle.end_by_owner(run, rows_of([run]).unfinished(), TrainingRun.State.CANCELLED, "")


def delete_search(search: TrainingSearch) -> None:
    """Remove an ended search and its trainings with all that they made. Raises Conflict before it has ended.

    The LoRA that came of it stays, and so does what it cost, in the ledger.
    """
    with transaction.atomic():
        ended = TrainingSearch.objects.select_for_update().filter(pk=search.pk).exclude(state=State.RUNNING)
        if not ended.exists():
            raise Conflict("not-ended", "This search has not ended. Cancel it, or wait for it.")
        runs = list(search.runs.order_by("pk"))
        for run in runs:
            remember_place(run)
        ended.delete()
        # Rows first: a row without its file would be shown, a file without its row is only swept.
        for run in runs:
            transaction.on_commit(partial(files.sweep, run.code))
