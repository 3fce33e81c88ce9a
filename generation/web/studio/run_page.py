"""A training as its pages show it: state in words, what may be done with it, its curve and its contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generation.models import TrainingRun
from generation.recipes.choosing import Choice
from generation.recipes.training import MAX_SAMPLE_PROMPTS
from generation.training.runs.lifecycle import discard_cost
from generation.training.runs.queueing import place_of
from generation.training.runs.selection import CHOSEN, best_so_far
from generation.training.runs.summaries import SnapshotView, snapshots_of
from generation.web.studio.curve import curve_to_draw
from generation.web.studio.dataset_table import split_words
from generation.web.studio.questions import DELETE_RUN, DISCARD_RUN, STOP_RUN
from generation.web.studio.training_forms import PART_NAMES, TRAINING_SETTINGS, Setting, fields_of

State, Action = TrainingRun.State, TrainingRun.Action
ACTIONS_UNDER_WAY = {
    Action.PAUSE: "Pausing after this step",
    Action.STOP: "Stopping; it is measured once more, and the best is kept",
}
QUESTIONS = {"stop": STOP_RUN, "discard": DISCARD_RUN, "delete": DELETE_RUN}
BADGES = {State.DONE: "badge--ok", State.FAILED: "badge--danger", State.RUNNING: "badge--accent"}


@dataclass(frozen=True, slots=True)
class Column:
    """One step of the contact sheet. `pictures` pairs each sample's number with the prompt it was drawn from.

    `is_best` by what was measured, `is_chosen` as the one that became the LoRA.
    """

    snapshot: SnapshotView
    pictures: Sequence[tuple[int, str]]
    is_best: bool
    is_chosen: bool

    @property
    def alike(self) -> str:
        """The training pictures that samples of this step resemble too much, named."""
        names = list(dict.fromkeys(name for _, name in self.snapshot.memorised))
        return ", ".join(f"“{name}”" for name in names)


class RunCard:
    """A training on a page of many, with all that its template shows."""

    questions = QUESTIONS

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self.best = self.find_best()
        self.curve = curve_to_draw(run.points, run.steps, self.best_step)
        self.place = place_of(run)

    def find_best(self) -> Choice | None:
        """What its measurements propose; None where that is not read."""
        return None

    @property
    def best_step(self) -> int | None:
        """The snapshot to mark in the curve."""
        return self.best.step if self.best else self.run.best_step

    @property
    def badge(self) -> str:
        return BADGES.get(State(self.run.state), "")

    @property
    def percent(self) -> int:
        return 100 * self.run.step // max(1, self.run.steps)

    @property
    def progress_text(self) -> str:
        """Where it stands, in a few words."""
        run = self.run
        if run.state == State.QUEUED:
            place = self.place
            return "Next in line" if place == 1 else f"Waiting, number {place} in line" if place else "Waiting"
        if run.state == State.RUNNING and run.requested_action:
            return f"{ACTIONS_UNDER_WAY[Action(run.requested_action)]}…"
        if run.state == State.RUNNING:
            return " · ".join(filter(None, (self.steps_text, self.time_left)))
        return self.steps_text

    @property
    def steps_text(self) -> str:
        return f"{self.run.step:,} of {self.run.steps:,} steps"

    @property
    def time_left(self) -> str:
        return "" if self.run.seconds_left is None else f"{duration(self.run.seconds_left)} left"

    @property
    def leads_itself(self) -> bool:
        """False while a search decides when it trains."""
        return self.run.search is None or self.run.search.state != self.run.search.State.RUNNING

    @property
    def may_delete(self) -> bool:
        return self.leads_itself and not self.run.is_unfinished


class RunPage(RunCard):
    """A training on its own page."""

    def __init__(self, run: TrainingRun) -> None:
        super().__init__(run)
        self.discard_cost = discard_cost(run)
        prompts = [*self.prompts, *["sample"] * MAX_SAMPLE_PROMPTS]
        self.columns = [
            Column(
                view,
                list(enumerate(prompts[: len(view.samples)])),
                view.step == self.best_step,
                view.step == run.best_step,
            )
            for view in snapshots_of(run)
        ]

    @property
    def prompts(self) -> Sequence[str]:
        """What the samples are drawn from; a run from before they were settled does not tell."""
        return self.run.recipe.sample_prompts

    def find_best(self) -> Choice | None:
        """Whichever snapshot its owner chose; while it learns, what would be proposed if it stopped now."""
        return best_so_far(self.run) if self.run.snapshots.filter(step__gt=0).exists() else None

    @property
    def chosen_step(self) -> int | None:
        """The snapshot that became the LoRA, where its owner chose another than the best."""
        return self.run.best_step if self.run.best_step != self.best_step else None

    @property
    def best_reason(self) -> str:
        """Why the best one is it; of an ended training as it was said then, unless its owner has chosen since."""
        if self.best is not None and (self.chosen_step is not None or self.run.best_reason == CHOSEN):
            return self.best.reason
        return self.run.best_reason

    @property
    def last_training_loss(self) -> float | None:
        return self.curve.points[-1][1] if self.curve.points else None

    @property
    def last_validation_loss(self) -> float | None:
        return self.curve.measured[-1][2] if self.curve.measured else None

    @property
    def may_pause(self) -> bool:
        return self.leads_itself and self.run.state in (State.QUEUED, State.RUNNING) and not self.run.requested_action

    @property
    def may_resume(self) -> bool:
        return self.leads_itself and (self.run.state == State.PAUSED or self.run.requested_action == Action.PAUSE)

    @property
    def may_stop(self) -> bool:
        return (
            self.leads_itself
            and self.run.is_unfinished
            and self.run.requested_action != Action.STOP
            and self.run.step > 0
        )

    @property
    def may_discard(self) -> bool:
        return self.leads_itself and self.run.is_unfinished

    @property
    def download_words(self) -> str:
        """What downloading a snapshot means while discarding the training would cost nothing."""
        return "; the steps up to it are then paid, also if you discard" if self.run.is_unfinished else ""

    @property
    def may_choose(self) -> bool:
        return self.run.state == State.DONE and not (self.run.lora and self.run.lora.is_public)

    @property
    def recipe_rows(self) -> list[tuple[Setting, str]]:
        """Every setting as it was set, in words."""
        fields = fields_of(self.run.recipe.to_json())
        return [(setting, value_words(fields[name])) for name, setting in TRAINING_SETTINGS.items()]

    @property
    def split_text(self) -> str:
        entries = self.run.manifest
        return split_words(len(entries), sum(entry["held_out"] for entry in entries), self.run.recipe.folds)


def value_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(PART_NAMES[part].lower() for part in value)
    return " · ".join(str(value).splitlines()) or "–"


def duration(seconds: float) -> str:
    """About how long, as one would say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"
