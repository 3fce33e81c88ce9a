"""The one door through which a recipe becomes jobs: weights pinned, plan enforced, credits held, rows written."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models.functions import Now

from accounts import credits
from accounts.credits import Hold
from accounts.models import ApiToken, User
from accounts.quotas import Request, Usage, enforce_queue, enforce_quota
from accounts.refusals import Refusal
from generation.catalog.inspecting import refuse_errors
from generation.catalog.resolving import pin_weights, resolve
from generation.jobs import fairness
from generation.messages import events, wakeups
from generation.models import GeneratedImage, GpuWorker, Job
from generation.models.jobs import new_code
from generation.prompting import expand, strip_comments
from generation.recipes.checks import MAX_SEED
from generation.recipes.picture import Recipe
from generation.recipes.pricing import price, work
from generation.recipes.sampling import SAMPLERS, SCHEDULES, check_sampling
from generation.storage.quota import stored_bytes


def submit_jobs(user: User, recipe: Recipe, count: int = 1, token: ApiToken | None = None) -> list[Job]:
    """Queue `count` pictures of the recipe, with seeds counting up. Raises Refusal; then nothing has changed.

    `token` is the API token that asked: its budget pays beside the wallet.
    """
    most = user.plan.max_pictures
    if count > most:
        enforce_quota(user.plan, Usage(), Request(count, 0, 0))
    recipes = prepare(user, recipe, count)
    check_limits(user, recipes, most)
    with transaction.atomic():
        return write_jobs(user, recipes, token)


def prepare(user: User, recipe: Recipe, count: int) -> list[Recipe]:
    """The recipes of `count` siblings with seeds counting up, ready to be drawn; nothing is written."""
    if count < 1:
        raise Refusal("bad-count", "Make at least one picture.", field="count")
    return prepare_all(user, [recipe.replace(seed=(recipe.seed + index) % (MAX_SEED + 1)) for index in range(count)])


def prepare_all(user: User, recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes of one submission, checked, expanded and pinned. Names are looked up once for all of them."""
    for recipe in recipes:
        _check_names(recipe)
    resolved = resolve(user, *recipes)
    refuse_errors(resolved, recipes)
    return [pin_weights(resolved, _expanded(recipe, resolved.names.wildcards)) for recipe in recipes]


def check_limits(user: User, recipes: Sequence[Recipe], most: int) -> None:
    """Raise a refusal for what goes past the plan, which lets `most` recipes come at once.

    Read before the transaction, since sums over all files of a user would hold its lock for long.
    """
    usage = Usage(queued=Job.objects.of(user).queued().count(), stored_bytes=stored_bytes(user))
    request = Request(
        pictures=len(recipes),
        pixels=max(recipe.width * recipe.height for recipe in recipes),
        steps=max(recipe.steps for recipe in recipes),
        most=most,
    )
    enforce_quota(user.plan, usage, request)


def write_jobs(user: User, recipes: Sequence[Recipe], token: ApiToken | None = None) -> list[Job]:
    """Rows, held credits and wake-ups for recipes that are ready, as siblings in this order. Call in a transaction.

    Locks are taken in one order, share before wallet before token: two submissions that lock them otherwise, or one
    and the end of a job, would wait for each other for ever.
    """
    starts = fairness.stamp(user, [work(each) for each in recipes])
    # Counted again now that the share is locked, so that two submissions of one user cannot both pass.
    enforce_queue(user.plan, Job.objects.of(user).queued().count(), len(recipes))
    submission = new_code()
    jobs = Job.objects.bulk_create(
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
    )
    holds = [Hold(job.reference, job.credits, " ".join(job.prompt.split())[:80]) for job in jobs]
    credits.hold_many(user, holds, token)
    transaction.on_commit(lambda: _announce(jobs))
    return jobs


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


def random_seed() -> int:
    return random.randrange(MAX_SEED + 1)


def _check_names(recipe: Recipe) -> None:
    if recipe.sampler not in SAMPLERS:
        raise Refusal("unknown-sampler", f"There is no sampler “{recipe.sampler}”.", field="sampler")
    if recipe.schedule not in SCHEDULES:
        raise Refusal("unknown-schedule", f"There is no schedule type “{recipe.schedule}”.", field="schedule")
    check_sampling(recipe.sampler, recipe.schedule, recipe.steps)


def _expanded(recipe: Recipe, wildcards: Mapping[str, Sequence[str]]) -> Recipe:
    """What is drawn: without comments, choices and wildcards drawn. What was typed stays in the draft alone."""
    return recipe.replace(
        prompt=expand(strip_comments(recipe.prompt), recipe.seed, wildcards),
        negative_prompt=expand(strip_comments(recipe.negative_prompt), recipe.seed, wildcards),
    )


def _announce(jobs: Sequence[Job]) -> None:
    """Wake workers and tell the pages. When the broker is away the rows wait and `upkeep` sends the wake-ups later."""
    slots = GpuWorker.objects.alive().slots() or 1
    # One wake-up makes a worker draw until the queue is dry, so more of them than slots say nothing new; a worker that
    # starts meanwhile sends those of its own slots.
    if all(wakeups.send(wakeups.Task.RUN_NEXT_JOB) for _ in range(min(len(jobs), slots))):
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(announced_at=Now())
        for job in jobs:
            events.publish_change(job)
