"""Training runs: one LoRA in the making, what it measured on the way, and the searches that try several.

Written by the verbs of `generation.training` and by nobody else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import models

from generation.models.catalog import Lora
from generation.models.datasets import DataSet
from generation.models.jobs import new_code
from generation.models.leases import QueueQuerySet
from generation.recipes.training import TrainingRecipe


class TrainingSearchQuerySet(models.QuerySet["TrainingSearch"]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def running(self) -> Self:
        return self.filter(state=TrainingSearch.State.RUNNING)

    def newest(self) -> Self:
        return self.order_by("-id")


class TrainingSearch(models.Model):
    """A sweep over training recipes within a budget of credits; its runs are halved by validation loss."""

    class State(models.TextChoices):
        RUNNING = "running", "Searching"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches")
    dataset = models.ForeignKey(DataSet, null=True, on_delete=models.SET_NULL, related_name="searches")
    name = models.SlugField(max_length=90)
    axes = models.JSONField(help_text="Field of the recipe to the values that are tried.")
    recipe_json = models.JSONField()
    budget = models.PositiveIntegerField(help_text="Credits that all runs together may cost.")
    credits = models.PositiveIntegerField(default=0, help_text="What it costs at most: held once, for all its runs.")
    rungs = models.JSONField(default=list, help_text="Steps at which the worse half is dropped.")
    token = models.ForeignKey("accounts.ApiToken", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingSearchQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def recipe(self) -> TrainingRecipe:
        return TrainingRecipe.from_json(self.recipe_json)

    @property
    def reference(self) -> str:
        """How the ledger names this search."""
        return f"search:{self.code}"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One picture as it was at submission: its stored file and what of it is trained, in shares 0..1 of its sides."""

    code: str
    name: str
    file: str
    sha256: str
    caption: str
    held_out: bool
    crop: tuple[float, float, float, float] | None = None
    focus: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Runs from before pictures had a focus do not tell one."""
        crop, focus = data["crop"], data.get("focus")
        return cls(**{**data, "crop": tuple(crop) if crop else None, "focus": tuple(focus) if focus else None})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class CurvePoint(NamedTuple):
    """What was measured at one step; in JSON a list of three."""

    step: int
    training_loss: float
    validation_loss: float | None


class TrainingRunQuerySet(QueueQuerySet["TrainingRun"]):
    pass


class TrainingRun(models.Model):
    """One training. `attempt` is the fencing token: only its holder may write progress or end the run."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Learning"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Discarded"

    class Action(models.TextChoices):
        NONE = "", "Go on"
        PAUSE = "pause", "Pause"
        STOP = "stop", "Stop and keep"

    UNFINISHED = (State.QUEUED, State.RUNNING, State.PAUSED)

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs")
    dataset = models.ForeignKey(DataSet, null=True, on_delete=models.SET_NULL, related_name="runs")
    search = models.ForeignKey(TrainingSearch, null=True, on_delete=models.CASCADE, related_name="runs")
    name = models.SlugField(max_length=90, help_text="The word that prompts will use for the LoRA.")
    recipe_json = models.JSONField()
    manifest = models.JSONField(help_text="The pictures at the start: file, sha256, caption, crop, focus, role.")
    checkpoint_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    requested_action = models.CharField(
        max_length=7, choices=Action.choices, default=Action.NONE, blank=True, db_column="wish"
    )
    credits = models.PositiveIntegerField(help_text="Its price, held while it is unfinished.")
    discard_cost = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What its owner paid of the price for a discarded one: what was handed out."
    )
    token = models.ForeignKey("accounts.ApiToken", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    virtual_start = models.FloatField(default=0.0, help_text="The smallest is trained next.")
    virtual_finish = models.FloatField(default=0.0, help_text="Where its owner's next run starts, if that is later.")
    attempt = models.PositiveSmallIntegerField(default=0)
    solo_crash_count = models.PositiveSmallIntegerField(
        default=0, db_column="lone_deaths", help_text="Workers that died with it since it got on."
    )
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField()
    stop_at = models.PositiveIntegerField(null=True, help_text="A search pauses the run here until it is chosen.")
    seconds_left = models.FloatField(null=True)
    curve = models.JSONField(default=list, help_text="Points: step, training loss, validation loss or null.")
    state_files = models.JSONField(default=dict, help_text="What a worker needs to go on: name there to stored name.")
    best_step = models.PositiveIntegerField(null=True)
    best_reason = models.CharField(max_length=300, blank=True)
    lora = models.ForeignKey(Lora, null=True, on_delete=models.SET_NULL, related_name="runs")
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "virtual_start", "id"], name="run_order"),
            models.Index(fields=["owner", "-id"], name="run_newest_of_owner"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def recipe(self) -> TrainingRecipe:
        return TrainingRecipe.from_json(self.recipe_json)

    @property
    def pictures(self) -> list[ManifestEntry]:
        return [ManifestEntry.from_json(entry) for entry in self.manifest]

    @property
    def points(self) -> list[CurvePoint]:
        """The loss curve by step, thin enough to be drawn."""
        return [CurvePoint(*point) for point in self.curve]

    @property
    def reference(self) -> str:
        """How the ledger names this run."""
        return f"run:{self.code}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED


class Snapshot(models.Model):
    """The LoRA as it was at one step: its file, its samples and what was measured.

    Similarities are cosines in -1..1; `closest` is the smallest PDQ distance (0..256) of a sample to a picture.
    """

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="snapshots")
    step = models.PositiveIntegerField()
    training_loss = models.FloatField(null=True)
    validation_loss = models.FloatField(null=True)
    similarity_training = models.FloatField(null=True)
    similarity_validation = models.FloatField(null=True)
    closest = models.PositiveSmallIntegerField(null=True)
    memorised = models.JSONField(default=list, help_text="Pairs of sample and picture that look alike.")
    file = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveIntegerField(default=0)
    samples = models.JSONField(default=list, help_text="Stored pictures, one for each sample prompt.")
    downloaded_at = models.DateTimeField(
        null=True, blank=True, help_text="When its owner first got the file: its steps are paid from then on."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_snapshot_a_step")]

    def __str__(self) -> str:
        return f"{self.run} at {self.step}"
