"""Grids: priced, submitted as sibling jobs, cancelled. The picture of all of them is made by `finishing`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from django.db import transaction

from accounts.models import ApiToken, User
from accounts.refusals import Conflict, Refusal
from generation.catalog.prices import total_price
from generation.catalog.safeguards.screening import screen_recipes
from generation.jobs.lifecycle import cancel_job
from generation.jobs.pinning import texts_of
from generation.jobs.submission import check_limits, prepare_all, write_jobs
from generation.messages import wakeups
from generation.models import Job, LabGrid
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe


def price_of(user: User, plan: GridPlan) -> int:
    """Credits of all cells together."""
    return total_price(user.plan, [cell.recipe for cell in plan.cells()])


def submit_grid(user: User, plan: GridPlan) -> LabGrid:
    """Queue every cell of the plan as siblings. Raises Refusal; then nothing has changed."""
    return write_grid(user, plan, prepare_grid(user, plan))


def prepare_grid(user: User, plan: GridPlan) -> list[Recipe]:
    """The recipes of the cells, as `prepare_jobs` makes them of one."""
    most = user.plan.max_grid_pictures
    if plan.count > most:
        sentence = f"This grid has {plan.count} pictures; your plan draws at most {most}."
        raise Refusal("grid-too-large", sentence, field="axis")
    recipes = prepare_all(user, [cell.recipe for cell in plan.cells()])
    check_limits(user, recipes, most)
    screen_recipes(user, recipes, texts_of(user, recipes))
    return recipes


@transaction.atomic
def write_grid(user: User, plan: GridPlan, recipes: Sequence[Recipe], token: ApiToken | None = None) -> LabGrid:
    """The grid and a job for each cell, whose recipes are ready: all of it or nothing.

    `token` is the API token that asked: its budget pays beside the wallet.
    """
    jobs = write_jobs(user, recipes, token)
    grid: LabGrid = LabGrid.objects.create(
        owner=user,
        plan_json=plan.to_json(),
        prompt=plan.recipe.prompt,
        submission=jobs[0].submission,
        credits=sum(job.credits for job in jobs),
    )
    return grid


def cancel_grid(grid: LabGrid) -> int:
    """Cancel every cell that has not ended; how many. What is drawn stays, with gaps. Conflict when all have ended."""
    cancelled = 0
    for job in grid.jobs.filter(state__in=Job.UNFINISHED):
        with suppress(Conflict):  # it has just ended
            cancel_job(job)
            cancelled += 1
    if not cancelled:
        raise Conflict("already-ended", "All pictures of this grid have ended; there is nothing to cancel.")
    transaction.on_commit(lambda: wakeups.send(wakeups.Task.FINISH_GRIDS))
    return cancelled
