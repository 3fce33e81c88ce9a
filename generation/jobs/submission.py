"""The one door through which a recipe becomes jobs: weights pinned, plan enforced, credits held, rows written."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models.functions import Now

from accounts import budgets, credits
from accounts.credits import Hold
from accounts.models import ApiToken, User
from accounts.quotas import Request, Usage, enforce_queue, enforce_quota
from accounts.refusals import Refusal
from generation.catalog.inspecting import refuse_errors
from generation.catalog.prices import price_list
from generation.catalog.resolving import Resolved, drawn, find_upscalers, pin_upscaler, pin_weights, resolve
from generation.catalog.safeguards.screening import screen_recipes
from generation.jobs import fairness, pinning
from generation.messages import events, tracing, wakeups
from generation.models import GeneratedImage, GpuWorker, Job
from generation.models.jobs import new_code
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import COUNT, FIELDS, Name
from generation.recipes.picture import Recipe
from generation.recipes.pricing import price, work
from generation.recipes.sampling import check_sampling
from generation.storage.quota import stored_bytes

logger = structlog.get_logger(__name__)


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
    screen_recipes(user, recipes, pinning.texts_of(user, recipes))
    return recipes


def check_plan(user: User, recipe: Recipe, count: int) -> None:
    """Raise Refusal for what the user's plan never makes, however little waits and is stored."""
    COUNT.check(count)
    enforce_quota(
        user.plan, Usage(), Request(count, drawn_pixels(recipe), most_steps(recipe), result=result_pixels(recipe))
    )


def prepare(user: User, recipe: Recipe, count: int) -> list[Recipe]:
    """The recipes of `count` siblings with seeds counting up, ready to be drawn; nothing is written."""
    return prepare_all(user, [recipe.sibling(index) for index in range(count)])


def prepare_all(user: User, recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes of one submission, checked, expanded and pinned. Names are looked up once for all of them."""
    pinning.pin_pictures(user, recipes)
    if not any(recipe.is_drawn for recipe in recipes):
        upscalers = find_upscalers(user, recipes)
        return [pin_upscaler(recipe, upscalers) for recipe in recipes]
    for recipe in recipes:
        _check_names(recipe)
    resolved = resolve(user, *recipes)
    for recipe in recipes:
        _check_channels(recipe, resolved)
    refuse_errors(resolved, recipes)
    return [pin_weights(resolved, drawn(recipe, resolved.names.wildcards)) for recipe in recipes]


def drawn_pixels(recipe: Recipe) -> int:
    """Of the first pass, or of a tile; 0 where nothing is drawn."""
    return recipe.width * recipe.height if recipe.is_drawn else 0


def result_pixels(recipe: Recipe) -> int:
    """Of what a second pass or an upscale makes; 0 where there is none."""
    return math.prod(recipe.size) if recipe.hires or recipe.enlarge else 0


def most_steps(recipe: Recipe) -> int:
    """Of either pass; 0 where nothing is drawn."""
    second = recipe.hires.steps if recipe.hires else 0
    return max(recipe.steps, second) if recipe.is_drawn else 0


def check_limits(user: User, recipes: Sequence[Recipe], most: int) -> None:
    """Raise a refusal for what goes past the plan, which lets `most` recipes come at once.

    Read before the transaction, since sums over all files of a user would hold its lock for long.
    """
    usage = Usage(queued=Job.objects.of(user).queued().count(), stored_bytes=stored_bytes(user))
    request = Request(
        pictures=len(recipes),
        pixels=max(map(drawn_pixels, recipes)),
        steps=max(map(most_steps, recipes)),
        most=most,
        result=max(map(result_pixels, recipes)),
    )
    enforce_quota(user.plan, usage, request)


@transaction.atomic
def write_jobs(user: User, recipes: Sequence[Recipe], token: ApiToken | None = None, made_from: str = "") -> list[Job]:
    """Rows, held credits and wake-ups for recipes that are ready, as siblings in this order: all of it or nothing.

    Locks are taken in one order, share before wallet before token: two submissions that lock them otherwise, or one
    and the end of a job, would wait for each other for ever.
    """
    began = time.time_ns()
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
            checkpoint_sha256=recipe.checkpoint_sha256 if recipe.is_drawn else "",
            made_from=made_from,
            credits=price(recipe, prices),
            work=work(recipe),
            virtual_start=start,
        )
        for position, (recipe, start) in enumerate(zip(recipes, starts, strict=True))
    )
    holds = [Hold(job.reference, job.credits, " ".join(job.prompt.split())[:80]) for job in jobs]
    credits.hold_many(user, holds, token)
    if named := {picture.sha256 for recipe in recipes for picture in recipe.pictures}:
        pinning.prolong(user, named)
    transaction.on_commit(lambda: _announce(jobs, began))
    return jobs


def check_token(token: ApiToken | None, recipes: Sequence[Recipe]) -> None:
    """Raise NotAllowed for weights of prepared recipes that the token may not use; None is no token."""
    loras = {pick.name for recipe in recipes for pick in recipe.every_lora}
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
    if recipe.hires:
        recipe.hires.check_sampling(recipe.sampler, recipe.schedule, recipe.steps)


def _check_channels(recipe: Recipe, resolved: Resolved) -> None:
    checkpoint = resolved.checkpoints[recipe.checkpoint]
    if checkpoint.is_inpainting and not (recipe.start and recipe.start.is_masked):
        sentence = f"“{checkpoint.title}” only inpaints: it needs a picture and a mask of what is to be drawn."
        raise Refusal("needs-a-mask", sentence, field="checkpoint")


def _announce(jobs: Sequence[Job], began: int) -> None:
    """Wake workers and tell the pages. When the broker is away the rows wait and `upkeep` sends the wake-ups later."""
    announced, codes = time.time_ns(), [job.code for job in jobs]
    logger.info("jobs_submitted", submission=jobs[0].submission, jobs=codes)
    slots = GpuWorker.objects.at_work().slots() or 1
    # One wake-up makes a worker draw until the queue is dry, so more of them than slots say nothing new; a worker that
    # starts meanwhile sends those of its own slots.
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    if rows.announce(lambda: all(wakeups.send(wakeups.Task.RUN_NEXT_JOB) for _ in range(min(len(jobs), slots)))):
        for job in jobs:
            events.publish_change(job)
    tracing.submitted(codes, began, announced)
