"""Jobs: one recipe on its way to one image, and the two small rows that keep the queue fair.

Written by `submission` (made), `queueing` (started) and `lifecycle` (ended), by nobody else.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models

from generation.models.leases import QueueQuerySet
from generation.recipes.picture import Recipe

SUSPECT_CRASHES = 2
"""Workers that a job may take with it in company; from then on it is drawn alone."""


def new_code() -> str:
    """A short public handle; not a secret: no right is ever derived from knowing one."""
    return secrets.token_hex(8)


class JobQuerySet(QueueQuerySet["Job"]):
    pass


class Job(models.Model):
    """One recipe on its way to one image. `attempt` is the fencing token: only its holder may end the job."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Drawing"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    submission = models.CharField(
        max_length=16, db_index=True, help_text="Siblings of one press of the button share it."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Place among the siblings, from 0.")
    recipe_json = models.JSONField()
    prompt = models.TextField()
    checkpoint_sha256 = models.CharField(max_length=64)
    made_from = models.CharField(
        max_length=12, blank=True, default="", db_default="",
        help_text="Code of the public post whose recipe it began with, as its owner says; the gallery looks it up.",
    )  # fmt: skip
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    credits = models.PositiveIntegerField(help_text="Its price, held while it is unfinished.")
    cancel_cost = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What its owner paid of the price for a cancelled one: the steps drawn."
    )
    work = models.FloatField(help_text="Pixels times steps.")
    token = models.ForeignKey(
        "accounts.ApiToken", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The API token whose budget pays beside the wallet.",
    )  # fmt: skip
    virtual_start = models.FloatField(help_text="Start tag of fair queueing: the smallest is drawn next.")
    bypass_count = models.PositiveSmallIntegerField(
        default=0, db_column="overtaken", help_text="Jobs that were drawn before it since their checkpoint was loaded."
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    crash_count = models.PositiveSmallIntegerField(
        default=0, db_column="deaths", help_text="Workers that died with this job in hand."
    )
    solo_crash_count = models.PositiveSmallIntegerField(
        default=0, db_column="lone_deaths", help_text="Workers that died with this job alone."
    )
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True, blank=True, help_text="When a wake-up was last sent for it.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            # All that choosing the next job looks at, of the few rows that wait.
            models.Index(
                fields=["virtual_start", "id", "owner", "checkpoint_sha256", "crash_count", "bypass_count"],
                name="job_fair_order",
                condition=models.Q(state="queued"),
            ),
            models.Index(fields=["owner", "state"], name="job_of_owner"),
            models.Index(fields=["owner", "-id"], name="job_newest_of_owner"),
            models.Index(fields=["lease_until", "owner"], name="job_lease", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def recipe(self) -> Recipe:
        return Recipe.from_json(self.recipe_json)

    @property
    def reference(self) -> str:
        """How the ledger names this job."""
        return f"job:{self.code}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED

    @property
    def is_suspect(self) -> bool:
        """It may be what its workers died of, so it is drawn alone: the next one would take nobody else with it."""
        return self.crash_count >= SUSPECT_CRASHES


class QueueShare(models.Model):
    """Where a person's last queued job ends on the virtual clock: the next one starts there or now, if later."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="queue_share")
    virtual_finish = models.FloatField(default=0.0)
    training_start = models.FloatField(default=0.0, help_text="The latest start tag of trainings that were deleted.")
    training_finish = models.FloatField(default=0.0, help_text="Where the last of the deleted trainings ends.")

    def __str__(self) -> str:
        return f"{self.owner}: {self.virtual_finish:.3f}"


class QueueClock(models.Model):
    """The virtual time: the start tag of the job that was started last. One row."""

    virtual_time = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return f"{self.virtual_time:.3f}"


class Draft(models.Model):
    """The unsent Create form of a person, the same on every device."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="draft")
    fields = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft of {self.owner}"
