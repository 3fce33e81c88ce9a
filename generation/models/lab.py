"""The lab's rows: grids of pictures that differ in a few fields, and LoRAs that are being merged into one file.

Written by the verbs of `generation.jobs.grids` and `generation.catalog.merges`, by nobody else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from django.conf import settings
from django.db import models

from generation.models.catalog import Lora
from generation.models.jobs import Job, new_code
from generation.models.leases import QueueQuerySet
from generation.recipes.grids.plan import GridPlan


class LabQuerySet(models.QuerySet[Any]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def newest(self) -> Self:
        return self.order_by("-id")


class LabGrid(models.Model):
    """One press of the lab's button: a plan, the jobs of its cells (siblings of one submission), one picture of all."""

    class State(models.TextChoices):
        DRAWING = "drawing", "Being drawn"
        DONE = "done", "Done"
        EMPTY = "empty", "Nothing was drawn"

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grids")
    plan_json = models.JSONField()
    prompt = models.TextField()
    submission = models.CharField(max_length=16, unique=True)
    credits = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAWING, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = LabQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-id"], name="grid_newest_of_owner")]

    def __str__(self) -> str:
        return self.code

    @property
    def plan(self) -> GridPlan:
        return GridPlan.from_json(self.plan_json)

    @property
    def jobs(self) -> models.QuerySet[Job]:
        return Job.objects.filter(owner=self.owner_id, submission=self.submission).order_by("position")


@dataclass(frozen=True, slots=True)
class MergeParent:
    """One LoRA of a merge as it was when it was asked for. `licences`: keys of those that it leaves to the child."""

    id: int
    name: str
    title: str
    sha256: str
    weight: float
    licences: tuple[str, ...] | None = None
    """None in merges from before this was told: all of them."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        licences = data.get("licences")
        return cls(**{**data, "licences": None if licences is None else tuple(licences)})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class LoraMergeQuerySet(QueueQuerySet["LoraMerge"]):
    pass


class LoraMerge(models.Model):
    """One LoRA to be made out of several. `attempt` is the fencing token: only its holder may end it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being merged"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="merges")
    name = models.SlugField(max_length=90)
    title = models.CharField(max_length=120)
    rank = models.PositiveSmallIntegerField()
    parents = models.JSONField(help_text="What goes in: id, name, sha256, weight and licences of each.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED, db_index=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    solo_crash_count = models.PositiveSmallIntegerField(default=0, help_text="Workers that died with it in hand.")
    lease_until = models.DateTimeField(null=True, blank=True)
    lora = models.ForeignKey(Lora, null=True, on_delete=models.SET_NULL, related_name="+")
    error_message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True, blank=True, help_text="When a wake-up was last sent for it.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = LoraMergeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    @property
    def inputs(self) -> list[MergeParent]:
        return [MergeParent.from_json(parent) for parent in self.parents]
