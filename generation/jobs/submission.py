"""The one door through which a recipe becomes jobs: weights pinned, plan enforced, credits held, rows written."""

from __future__ import annotations

import random
from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from accounts import budgets, credits
from accounts.models import ApiToken, User
from accounts.quotas import Request, Usage, enforce_quota
from accounts.refusals import Refusal
from generation.catalog.inspecting import refuse_errors
from generation.catalog.resolving import find_checkpoint, pin_weights
from generation.jobs import fairness
from generation.messages import events, wakeups
from generation.models import GeneratedImage, Job, Wildcard
from generation.models.jobs import new_code
from generation.prompting import expand, strip_comments
from generation.recipes.picture import MAX_SEED, Recipe
from generation.recipes.pricing import price, work
from generation.recipes.sampling import SAMPLERS, SCHEDULES, check_sampling
from generation.storage.quota import stored_bytes


def submit_jobs(user: User, recipe: Recipe, count: int = 1, token: ApiToken | None = None) -> list[Job]:
    """Queue `count` pictures of the recipe, with seeds counting up. Raises Refusal; then nothing has changed.

    `token` is the API token that asked: its budget pays beside the wallet.
    """
    if count > user.plan.max_pictures:
        enforce_quota(user.plan, Usage(), Request(count, 0, 0))
    return _queue(user, prepare(user, recipe, count), user.plan.max_pictures, token)


def submit_grid_jobs(user: User, recipes: Sequence[Recipe], token: ApiToken | None = None) -> list[Job]:
    """Queue one picture of each recipe, as siblings in this order: the cells of a grid, which has its own limit."""
    most = user.plan.max_grid_pictures
    if len(recipes) > most:
        raise Refusal("grid-too-large", f"Your plan draws grids of at most {most} pictures.", field="axis")
    return _queue(user, [one for recipe in recipes for one in prepare(user, recipe, 1)], most, token)


def _queue(user: User, recipes: Sequence[Recipe], most: int, token: ApiToken | None) -> list[Job]:
    """Rows, held credits and wake-ups for recipes that are ready; `most` of them may come at once."""
    request = Request(
        pictures=len(recipes),
        pixels=max(recipe.width * recipe.height for recipe in recipes),
        steps=max(recipe.steps for recipe in recipes),
        most=most,
    )
    with transaction.atomic():
        # The share row is locked first, so two submissions of one person cannot both pass the quota.
        starts = fairness.stamp(user, [work(each) for each in recipes])
        enforce_quota(user.plan, usage_of(user), request)
        jobs = _write_rows(user, recipes, starts, token)
        if token is not None:
            # After the wallet, as where jobs end: two that lock both the other way round would wait for ever.
            budgets.spend(token, total_price(recipes))
        transaction.on_commit(lambda: _announce(jobs))
    return jobs


def fill_wallet(user: User) -> None:
    """The day's credits, where a submission may follow within one transaction.

    The share before the wallet, as whoever submits takes them: two that lock both the other way round wait for ever.
    """
    with transaction.atomic():
        fairness.held_share(user)
        credits.grant_daily(user)


def prepare(user: User, recipe: Recipe, count: int) -> list[Recipe]:
    """The recipes of the siblings, checked, expanded and pinned; nothing is written."""
    if count < 1:
        raise Refusal("bad-count", "Make at least one picture.", field="count")
    _check_names(recipe)
    seeds = [(recipe.seed + index) % (MAX_SEED + 1) for index in range(count)]
    refuse_errors(user, recipe, find_checkpoint(user, recipe.checkpoint), seeds)
    lists = {wildcard.name: wildcard.choices for wildcard in Wildcard.objects.filter(is_enabled=True)}
    return [pin_weights(user, _sibling(recipe, seed, lists)) for seed in seeds]


def submit_tracing(image: GeneratedImage) -> None:
    """Have the image traced into vector paths, once: asking again while it runs or is there changes nothing."""
    waiting = GeneratedImage.Svg.WAITING
    untraced = [GeneratedImage.Svg.NONE, GeneratedImage.Svg.FAILED]
    asked = GeneratedImage.objects.kept().filter(pk=image.pk, svg_state__in=untraced)
    if asked.update(svg_state=waiting, svg_message="", svg_attempt=0, svg_announced_at=Now()):
        transaction.on_commit(lambda: wakeups.send(wakeups.Task.TRACE_IMAGE, image.pk))
        image.svg_state = waiting


def total_price(recipes: Sequence[Recipe]) -> int:
    return sum(price(recipe) for recipe in recipes)


def usage_of(user: User) -> Usage:
    return Usage(queued=Job.objects.of(user).queued().count(), stored_bytes=stored_bytes(user))


def random_seed() -> int:
    return random.randrange(MAX_SEED + 1)


def _check_names(recipe: Recipe) -> None:
    if recipe.sampler not in SAMPLERS:
        raise Refusal("unknown-sampler", f"There is no sampler “{recipe.sampler}”.", field="sampler")
    if recipe.schedule not in SCHEDULES:
        raise Refusal("unknown-schedule", f"There is no schedule type “{recipe.schedule}”.", field="schedule")
    check_sampling(recipe.sampler, recipe.schedule, recipe.steps)


def _sibling(recipe: Recipe, seed: int, lists: dict[str, list[str]]) -> Recipe:
    """What is drawn: without comments, choices and wildcards drawn. What was typed stays in the draft alone."""
    return recipe.replace(
        seed=seed,
        prompt=expand(strip_comments(recipe.prompt), seed, lists),
        negative_prompt=expand(strip_comments(recipe.negative_prompt), seed, lists),
    )


def _write_rows(user: User, recipes: Sequence[Recipe], starts: Sequence[float], token: ApiToken | None) -> list[Job]:
    submission = new_code()
    jobs = [
        Job(
            owner=user,
            token=token,
            submission=submission,
            position=position,
            recipe_json=recipe.to_json(),
            prompt=recipe.prompt,
            checkpoint_sha256=recipe.checkpoint_sha256,
            credits=price(recipe),
            work=work(recipe),
            virtual_start=start,
        )
        for position, (recipe, start) in enumerate(zip(recipes, starts, strict=True))
    ]
    for job in jobs:
        job.save()
        credits.hold(user, job.credits, reference=job.reference, note=" ".join(job.prompt.split())[:80])
    return jobs


def _announce(jobs: Sequence[Job]) -> None:
    """One wake-up a job. When the broker is away the rows wait and `upkeep` sends it later."""
    if all(wakeups.send(wakeups.Task.RUN_NEXT_JOB) for _ in jobs):
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(announced_at=Now())
        for job in jobs:
            events.publish_change(job)
