"""Submitting a training recipe as a run: check, price, hold the credits, list the pictures, wake a worker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction

from accounts import credits
from accounts.budgets import check_weights
from accounts.models import ApiToken, User
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal, counted
from generation.catalog.loras.naming import RESERVED
from generation.catalog.prices import price_list
from generation.catalog.resolving import find_checkpoint
from generation.catalog.safeguards.screening import Screened, screen
from generation.messages import events, wakeups
from generation.models import Checkpoint, DataSet, QueueShare, TrainingRun, TrainingSearch
from generation.models.training import ManifestEntry
from generation.recipes.pricing import training_price
from generation.recipes.training import TrainingRecipe, default_prompts
from generation.storage.quota import check_room
from generation.training.datasets.splitting import held_out_of, usual_folds
from generation.training.runs import queueing

PICTURES_RANGE = (3, 200)
MAX_NAME_CHARS = 80
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A training that may be submitted: nothing is left to the worker's own choice. `credits` is its whole price."""

    recipe: TrainingRecipe
    manifest: list[ManifestEntry]
    credits: int


def first_recipe(dataset: DataSet, checkpoint: Checkpoint) -> TrainingRecipe:
    """Where every recipe starts: the data set's trigger and split; folds where few pictures have no own split."""
    return TrainingRecipe(
        checkpoint=checkpoint.name,
        trigger=dataset.trigger,
        held_out=dataset.held_out,
        folds=usual_folds(dataset),
    )


def submit_training(user: User, dataset: DataSet, recipe: TrainingRecipe, name: str) -> TrainingRun:
    """Queue one training of the LoRA `name`. Raises Refusal; then nothing has changed."""
    name, prepared = check_name(name), prepare(user, dataset, recipe)
    screen_training(user, prepared)
    return write_training(user, dataset, prepared, name)


def screen_training(user: User, prepared: Prepared) -> None:
    """Raise Refusal where a rule blocks what would be learned or drawn as a sample. Call outside a transaction."""
    recipe = prepared.recipe
    texts = [("trigger", recipe.trigger), ("prior_prompt", recipe.prior_prompt)]
    texts += [("sample_prompts", prompt) for prompt in recipe.sample_prompts]
    texts += [("caption", entry.caption) for entry in prepared.manifest]
    screen(user, [Screened(text, field=field) for field, text in texts if text])


@transaction.atomic
def write_training(
    user: User, dataset: DataSet, prepared: Prepared, name: str, token: ApiToken | None = None
) -> TrainingRun:
    """The row, the held credits and the wake-up of a training that may be submitted: all of it or nothing.

    `token` is the API token that asked: its budget pays beside the wallet.
    """
    check_weights(token, [prepared.recipe.checkpoint])
    enforce_run_limit(user)
    run = write_run(user, dataset, prepared, name, token=token)
    credits.hold(user, run.credits, reference=run.reference, note=f"Training {name}", token=token)
    transaction.on_commit(lambda: announce_run(run))
    return run


def quote_training(user: User, dataset: DataSet, recipe: TrainingRecipe) -> int:
    """The credits that this training holds, and costs when it goes to its end. Raises Refusal like a submission."""
    return prepare(user, dataset, recipe).credits


def prepare(user: User, dataset: DataSet, recipe: TrainingRecipe) -> Prepared:
    """Everything that can be refused is refused here, but for what only the ledger and the limits know."""
    if dataset.owner_id != user.pk:
        raise NotFound("not-found", "There is no such data set, or it is not yours.")
    checkpoint = find_checkpoint(user, recipe.checkpoint)
    if checkpoint.is_inpainting:
        sentence = f"“{checkpoint.title}” only inpaints; a LoRA learns with one that draws from text."
        raise Refusal("inpainting-checkpoint", sentence, field="checkpoint")
    recipe = _completed(recipe, dataset, checkpoint)
    if recipe.steps > user.plan.max_training_steps:
        sentence = f"Your plan trains at most {counted(user.plan.max_training_steps, 'step')}."
        raise Refusal("too-many-steps", sentence, field="steps")
    manifest = manifest_of(dataset, recipe)
    recipe = recipe.replace(sample_prompts=recipe.sample_prompts or _prompts(recipe, manifest))
    check_room(user, 0)
    return Prepared(recipe, manifest, training_price(recipe, len(manifest), price_list(user.plan)))


def _completed(recipe: TrainingRecipe, dataset: DataSet, checkpoint: Checkpoint) -> TrainingRecipe:
    """What was left open is decided by the data set and the checkpoint, so that the price is the price."""
    side = min(checkpoint.native_width, checkpoint.native_height)
    return recipe.replace(
        checkpoint=checkpoint.name,
        checkpoint_sha256=checkpoint.sha256,
        trigger=recipe.trigger or dataset.trigger,
        resolution=recipe.resolution or side,
    )


def _prompts(recipe: TrainingRecipe, manifest: list[ManifestEntry]) -> tuple[str, ...]:
    """The trainer's own choice, made here so that the pages can tell it. With folds the LoRA learns every picture."""
    captions = [entry.caption.strip() or recipe.trigger for entry in manifest]
    held_out = {index for index, entry in enumerate(manifest) if entry.held_out} if recipe.folds == 1 else set()
    return default_prompts(captions, held_out)


def manifest_of(dataset: DataSet, recipe: TrainingRecipe) -> list[ManifestEntry]:
    """The pictures as they are now, with each one's role. What happens to the data set later changes no training."""
    pictures = list(dataset.pictures.all())
    low, high = PICTURES_RANGE
    if not low <= len(pictures) <= high:
        sentence = f"A training needs {low} to {high} pictures; this data set has {len(pictures)}."
        raise Refusal("wrong-number-of-pictures", sentence, field="dataset")
    silent = [picture.name for picture in pictures if not (picture.caption or recipe.trigger)]
    if silent:
        sentence = f"“{silent[0]}” has no caption, and there is no trigger to stand in for it."
        raise Refusal("no-caption", sentence, field="trigger")
    held_out = held_out_of(dataset)
    return [
        ManifestEntry(
            code=picture.code,
            name=picture.name,
            file=picture.file,
            sha256=picture.sha256,
            caption=picture.caption,
            held_out=picture.pk in held_out,
            crop=picture.crop,
            focus=picture.focus,
        )
        for picture in pictures
    ]


def check_name(name: str) -> str:
    """The name as prompts will use it; where a LoRA has it by the end, the new one gets a number.

    Raises Refusal when it is no word, Conflict when no LoRA may have it.
    """
    name = name.strip()
    if not NAME.fullmatch(name) or len(name) > MAX_NAME_CHARS:
        sentence = f"A name is one word of letters, digits, - and _, at most {MAX_NAME_CHARS} long."
        raise Refusal("bad-name", sentence, field="name")
    if name.lower() in RESERVED:
        raise Conflict("name-taken", f"The name “{name}” is taken. Choose another.", field="name")
    return name


def enforce_run_limit(user: User) -> None:
    """Raises QuotaExceeded when the person has as many unfinished trainings as the plan allows; a search is one."""
    QueueShare.objects.get_or_create(owner=user)
    # Locked until the rows are there, so that two submissions of one person cannot both pass.
    QueueShare.objects.select_for_update().get(owner=user)
    alone = TrainingRun.objects.of(user).unfinished().filter(search=None).count()
    most = user.plan.max_training_runs
    if alone + TrainingSearch.objects.of(user).running().count() >= most:
        sentence = f"Your plan trains {counted(most, 'LoRA')} at a time. Wait for one, or stop one."
        raise QuotaExceeded("too-many-runs", sentence)


def write_run(
    user: User,
    dataset: DataSet,
    prepared: Prepared,
    name: str,
    *,
    token: ApiToken | None = None,
    search: TrainingSearch | None = None,
    stop_at: int | None = None,
) -> TrainingRun:
    start, finish = queueing.stamp(user, prepared.credits)
    return TrainingRun.objects.create(
        owner=user,
        dataset=dataset,
        search=search,
        name=name,
        recipe_json=prepared.recipe.to_json(),
        manifest=[entry.to_json() for entry in prepared.manifest],
        checkpoint_sha256=prepared.recipe.checkpoint_sha256,
        credits=prepared.credits,
        token=token,
        virtual_start=start,
        virtual_finish=finish,
        steps=prepared.recipe.steps,
        stop_at=stop_at,
    )


def announce_run(*runs: TrainingRun) -> None:
    """One wake-up. When the broker is away the rows wait and upkeep sends it later."""
    rows = TrainingRun.objects.filter(pk__in=[run.pk for run in runs])
    if rows.announce(lambda: wakeups.send(wakeups.Task.RUN_NEXT_TRAINING)):
        for run in runs:
            events.publish_run(run.code, events.RunChanged(run.state))
