"""A new training: preset, settings, price, and the press of the button; or a search over several recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from accounts.credits import balance_of, too_dear
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.models import Checkpoint, DataSet, TrainingRun
from generation.recipes.presets import FIRST_PRESET, PRESETS, preset_fields
from generation.recipes.pricing import training_work
from generation.recipes.training import TrainingRecipe
from generation.training.runs.submission import Prepared, first_recipe, prepare, submit_training
from generation.training.searches.submission import quote_search, submit_search
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.catalog.options import checkpoint_or_none
from generation.web.studio.access import own_dataset, own_run
from generation.web.studio.dataset_table import split_words, table_of
from generation.web.studio.run_page import duration
from generation.web.studio.training_forms import TrainingForm, fields_of

RUNS_REMEMBERED = 10


@signed_in_only
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form for the data set that `?dataset=` names. POST starts a training, or a search."""
    dataset = own_dataset(request, request.GET.get("dataset", ""))
    if request.method == "POST":
        return start(request, dataset)
    form = TrainingForm(initial=prefilled(request, dataset))
    return page(request, dataset, form)


def start(request: SignedInRequest, dataset: DataSet) -> HttpResponse:
    form = TrainingForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            return begun(request, dataset, form)
        except Refusal as refusal:
            status = form.refuse(refusal)
    return page(request, dataset, form, status)


def begun(request: SignedInRequest, dataset: DataSet, form: TrainingForm) -> HttpResponse:
    """The page of what was started. Raises Refusal."""
    user, name = request.user, form.cleaned_data["name"]
    recipe = form.recipe(dataset, find_checkpoint(user, form.cleaned_data["checkpoint"]))
    if "search" in request.POST:
        budget = form.cleaned_data["budget"] or None
        return redirect("search", submit_search(user, dataset, recipe, name, form.axes(), budget).code)
    return redirect("run", submit_training(user, dataset, recipe, name).code)


@signed_in_only
@require_GET
def settings_fields(request: SignedInRequest) -> HttpResponse:
    """All settings as another preset or checkpoint sets them."""
    dataset = own_dataset(request, request.GET.get("dataset", ""))
    form = TrainingForm(initial=prefilled(request, dataset))
    return render(request, "generation/studio/settings.html", {"form": form})


@signed_in_only
@require_GET
def price(request: SignedInRequest) -> HttpResponse:
    """The button with the price of the form as it stands, and how long it will take."""
    dataset = own_dataset(request, request.GET.get("dataset", ""))
    quote = training_quote_of(request.user, dataset, request.GET)
    return render(request, "generation/studio/run_quote.html", {"quote": quote})


def page(request: SignedInRequest, dataset: DataSet, form: TrainingForm, status: int = 200) -> HttpResponse:
    fields = request.POST if form.is_bound else form.initial
    context = {
        "form": form,
        "dataset": dataset,
        "table": table_of(dataset),
        "presets": PRESETS,
        "checkpoints": list(Checkpoint.objects.usable_by(request.user).order_by("-is_default", "title")),
        "quote": training_quote_of(request.user, dataset, fields),
        "most_steps": request.user.plan.max_training_steps,
    }
    return render(request, "generation/studio/run_new.html", context, status=status)


def prefilled(request: SignedInRequest, dataset: DataSet) -> dict[str, Any]:
    """The form's first fields: a preset's, or those of an earlier training that `?run=` names."""
    preset = request.GET.get("preset", "")
    preset = preset if preset in PRESETS else FIRST_PRESET
    checkpoint = checkpoint_or_none(request.user, request.GET.get("checkpoint", ""))
    fields: dict[str, Any] = {"preset": preset, "name": request.GET.get("name") or slugify(dataset.title) or "lora"}
    if code := request.GET.get("run"):
        recipe = own_run(request, code).recipe
        return {**fields, **fields_of(recipe.to_json()), "checkpoint": recipe.checkpoint}
    if checkpoint is None:
        return {**fields, **fields_of(TrainingRecipe().to_json()), "checkpoint": ""}
    # Not a recipe yet: a preset may leave something to be said, which the quote asks for.
    begun = {**first_recipe(dataset, checkpoint).to_json(), **preset_fields(preset, checkpoint.family)}
    return {**fields, **fields_of(begun), "checkpoint": checkpoint.name}


@dataclass(frozen=True, slots=True)
class TrainingQuote:
    """What the buttons would cost; None: no price, and `sentence` says why. `took` is the time it takes, in words.

    `split` says what is learned and what is held out.
    """

    credits: int | None
    left: int
    sentence: str = ""
    split: str = ""
    took: str = ""
    search_credits: int | None = None
    search_sentence: str = ""

    @property
    def enough(self) -> bool:
        return self.credits is not None and self.credits <= self.left

    @property
    def search_enough(self) -> bool:
        return self.search_credits is not None and self.search_credits <= self.left


def training_quote_of(user: User, dataset: DataSet, fields: Mapping[str, Any]) -> TrainingQuote:
    left = balance_of(user)
    form = TrainingForm(fields)
    if not form.is_valid():
        return TrainingQuote(None, left, str(next(iter(form.errors.values()))[0]))
    try:
        checkpoint = find_checkpoint(user, form.cleaned_data["checkpoint"])
        recipe = form.recipe(dataset, checkpoint)
        prepared = prepare(user, dataset, recipe)
    except Refusal as refusal:
        return TrainingQuote(None, left, refusal.message)
    credits, held_out = prepared.credits, sum(entry.held_out for entry in prepared.manifest)
    sentence = "" if credits <= left else too_dear(user.plan, credits, left, "Train fewer steps")
    split = split_words(len(prepared.manifest), held_out, recipe.folds)
    return TrainingQuote(credits, left, sentence, split, time_of(prepared), *search_quote(user, dataset, recipe, form))


def search_quote(user: User, dataset: DataSet, recipe: TrainingRecipe, form: TrainingForm) -> tuple[int | None, str]:
    """What the search costs at most, or why there is none; both empty while nothing is to be tried."""
    try:
        axes = form.axes()
        return (quote_search(user, dataset, recipe, axes), "") if axes else (None, "")
    except Refusal as refusal:
        return None, refusal.message


def time_of(prepared: Prepared) -> str:
    """About how long such a training takes here, from the last ones that ended; nothing when none has."""
    ended = TrainingRun.objects.filter(state=TrainingRun.State.DONE, started_at__isnull=False, step__gt=0)
    speeds = sorted(filter(None, (speed_of(run) for run in ended.order_by("-finished_at")[:RUNS_REMEMBERED])))
    if not speeds:
        return ""
    work = training_work(prepared.recipe, len(prepared.manifest))
    return f"About {duration(work / speeds[len(speeds) // 2])}"


def speed_of(run: TrainingRun) -> float:
    """Work a second; 0 where the row does not tell."""
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0.0
    return training_work(run.recipe, len(run.manifest)) * run.step / run.steps / seconds if seconds > 0 else 0.0
