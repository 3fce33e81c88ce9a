"""The kept file of a finished job, or of a whole grid. What is public about it is the gallery's business."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from accounts.ratings import Rating
from generation.models.jobs import Job, new_code
from generation.models.leases import LeasedQuerySet
from generation.recipes.picture import Recipe

ALT_CHARS = 160


class ImageQuerySet(LeasedQuerySet["GeneratedImage"]):
    """Images, said as a sentence: `GeneratedImage.objects.of(alice).kept().newest()`. Leases are those of tracings."""

    lease_prefix = "svg_"

    def kept(self) -> Self:
        return self.filter(deleted_at=None)

    def matching(self, words: str) -> Self:
        found = self
        for word in words.split():
            found = found.filter(prompt__icontains=word)
        return found


class GeneratedImage(models.Model):
    """One image and the recipe that made it. `file` and `thumbnail` are storage names; the PNG carries its infotext."""

    class Svg(models.TextChoices):
        NONE = "none", "Not traced"
        WAITING = "waiting", "Being traced"
        READY = "ready", "Traced"
        FAILED = "failed", "Could not be traced"

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="images")
    job = models.OneToOneField(Job, null=True, on_delete=models.RESTRICT, related_name="image")
    grid = models.OneToOneField("LabGrid", null=True, on_delete=models.RESTRICT, related_name="image")
    recipe_json = models.JSONField()
    prompt = models.TextField()
    infotext = models.TextField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    file = models.CharField(max_length=200)
    thumbnail = models.CharField(max_length=200)
    svg_file = models.CharField(max_length=200, blank=True)
    svg_state = models.CharField(max_length=7, choices=Svg.choices, default=Svg.NONE)
    svg_announced_at = models.DateTimeField(
        null=True, blank=True, db_column="svg_asked_at", help_text="When a wake-up was last sent for its tracing."
    )
    svg_attempt = models.PositiveSmallIntegerField(
        default=0, db_column="svg_tries", help_text="How often its tracing was begun since it was asked."
    )
    svg_lease_until = models.DateTimeField(null=True, blank=True)
    svg_message = models.CharField(max_length=200, blank=True)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    render_seconds = models.FloatField(default=0)
    rating = models.CharField(
        max_length=9, choices=Rating.choices, default=Rating.GENERAL, db_default=Rating.GENERAL,
        help_text="By an automatic look at it; see `safeguards.pictures`.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Set: gone for its owner, swept after a day.")

    objects = ImageQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-id"], name="image_newest_of_owner")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(job__isnull=False, grid__isnull=True)
                | models.Q(job__isnull=True, grid__isnull=False),
                name="image_of_a_job_or_a_grid",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def alt(self) -> str:
        """What it shows, for whoever cannot see it: its prompt, cut where it is long."""
        return self.prompt if len(self.prompt) <= ALT_CHARS else f"{self.prompt[: ALT_CHARS - 1]}…"

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height

    @property
    def recipe(self) -> Recipe:
        return Recipe.from_json(self.recipe_json)
