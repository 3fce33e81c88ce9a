"""The one door through which a recipe becomes jobs: weights pinned, plan enforced, credits held, rows written."""

from __future__ import annotations

import random
from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from accounts import budgets, credits
from accounts.credits import Hold
from accounts.models import ApiToken, User
from accounts.quotas import Request, Usage, enforce_queue, enforce_quota
from generation.catalog.inspecting import refuse_errors
from generation.catalog.prices import price_list
from generation.catalog.resolving import drawn, pin_weights, resolve
from generation.catalog.safeguards.screening import screen_recipes
from generation.jobs import fairness
from generation.messages import events, wakeups
from generation.models import GeneratedImage, GpuWorker, Job
from generation.models.jobs import new_code
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import COUNT, FIELDS, Name
from generation.recipes.picture import Recipe
from generation.recipes.pricing import price, work
from generation.recipes.sampling import check_sampling
from generation.storage.quota import stored_bytes


def submit_jobs(
    user: User, recipe: Recipe, count: int = 1, token: ApiToken | None = None, made_from: str = ""
) -> list[Job]:
    """Queue `count` pictures of the recipe, with seeds counting up. Raises Refusal; then nothing has changed.

    `token` is the API token that asked: its budget pays beside the wallet. `made_from` is the code of the post that is
    remixed.
    """
    return write_jobs(user, prepare_jobs(user, recipe, count), token, made_from)


def prepare_jobs(user: User, recipe: Recipe, count: int = 1) -> list[Recipe]:
    """The recipes of a submission that its user's plan allows. Nothing is written; call outside a transaction.

    Raises Refusal for all but what rows must be locked for: credits, budgets and the room in the queue.
    """
    check_plan(user, recipe, count)
    recipes = prepare(user, recipe, count)
    check_limits(user, recipes, user.plan.max_pictures)
    screen_recipes(user, recipes)
    return recipes


def check_plan(user: User, recipe: Recipe, count: int) -> None:
    """Raise Refusal for what the user's plan never makes, however little waits and is stored."""
    COUNT.check(count)
    enforce_quota(user.plan, Usage(), Request(count, recipe.width * recipe.height, recipe.steps))


def prepare(user: User, recipe: Recipe, count: int) -> list[Recipe]:
    """The recipes of `count` siblings with seeds counting up, ready to be drawn; nothing is written."""
    return prepare_all(user, [recipe.replace(seed=(recipe.seed + index) % (MAX_SEED + 1)) for index in range(count)])


def prepare_all(user: User, recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes of one submission, checked, expanded and pinned. Names are looked up once for all of them."""
    for recipe in recipes:
        _check_names(recipe)
    resolved = resolve(user, *recipes)
    refuse_errors(resolved, recipes)
    return [pin_weights(resolved, drawn(recipe, resolved.names.wildcards)) for recipe in recipes]


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


@transaction.atomic
def write_jobs(user: User, recipes: Sequence[Recipe], token: ApiToken | None = None, made_from: str = "") -> list[Job]:
    """Rows, held credits and wake-ups for recipes that are ready, as siblings in this order: all of it or nothing.

    Locks are taken in one order, share before wallet before token: two submissions that lock them otherwise, or one
    and the end of a job, would wait for each other for ever.
    """
    check_token(token, recipes)
    starts = fairness.stamp(user, [work(each) for each in recipes])
    # Counted again now that the share is locked, so that two submissions of one user cannot both pass.
    enforce_queue(user.plan, Job.objects.of(user).queued().count(), len(recipes))
    submission, prices = new_code(), price_list(user.plan)
    jobs = Job.objects.bulk_create(
        Job(
            owner=user,
            token=token,
            submission=submission,
            position=position,
            recipe_json=recipe.to_json(),
            prompt=recipe.prompt,
            checkpoint_sha256=recipe.checkpoint_sha256,
            made_from=made_from,
            credits=price(recipe, prices),
            work=work(recipe),
            virtual_start=start,
        )
        for position, (recipe, start) in enumerate(zip(recipes, starts, strict=True))
    )
    holds = [Hold(job.reference, job.credits, " ".join(job.prompt.split())[:80]) for job in jobs]
    credits.hold_many(user, holds, token)
    transaction.on_commit(lambda: _announce(jobs))
    return jobs


def check_token(token: ApiToken | None, recipes: Sequence[Recipe]) -> None:
    """Raise NotAllowed for weights of prepared recipes that the token may not use; None is no token."""
    loras = {pick.name for recipe in recipes for pick in recipe.loras}
    budgets.check_weights(token, {recipe.checkpoint for recipe in recipes}, loras)


def submit_tracing(image: GeneratedImage) -> None:
    """Have the image traced into vector paths, once: asking again while it runs or is there changes nothing."""
    waiting = GeneratedImage.Svg.WAITING
    untraced = [GeneratedImage.Svg.NONE, GeneratedImage.Svg.FAILED]
    asked = GeneratedImage.objects.kept().filter(pk=image.pk, svg_state__in=untraced)
    if asked.update(svg_state=waiting, svg_message="", svg_attempt=0, svg_announced_at=Now()):
        transaction.on_commit(lambda: wakeups.send(wakeups.Task.TRACE_IMAGE, image.pk))
        image.svg_state = waiting


def random_seed() -> int:
    return random.randrange(MAX_SEED + 1)


def _check_names(recipe: Recipe) -> None:
    for name, row in FIELDS.items():
        if isinstance(row, Name):
            row.check_known(getattr(recipe, name))
    check_sampling(recipe.sampler, recipe.schedule, recipe.steps)


def _announce(jobs: Sequence[Job]) -> None:
    """Wake workers and tell the pages. When the broker is away the rows wait and `upkeep` sends the wake-ups later."""
    slots = GpuWorker.objects.alive().slots() or 1
    # One wake-up makes a worker draw until the queue is dry, so more of them than slots say nothing new; a worker that
    # starts meanwhile sends those of its own slots.
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    if rows.announce(lambda: all(wakeups.send(wakeups.Task.RUN_NEXT_JOB) for _ in range(min(len(jobs), slots)))):
        for job in jobs:
            events.publish_change(job)
