"""The kept file of a finished job, or of a whole grid, and by what its owner finds it again.

What is public about it is the gallery's business.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from accounts.ratings import Rating
from generation.models.jobs import Job, new_code
from generation.models.picture_search import PictureSearch
from generation.recipes.picture import Recipe

ALT_CHARS = 160
KEPT = models.Q(deleted_at=None)


class ImageQuerySet(PictureSearch["GeneratedImage"]):
    """Images, said as a sentence: `GeneratedImage.objects.of(alice).kept().newest()`. Leases are those of tracings."""

    lease_prefix = "svg_"

    def kept(self) -> Self:
        return self.filter(KEPT)

    def unfiled(self) -> Self:
        """What cannot be found by checkpoint, LoRA, size and words yet: rows from before, or from an older worker."""
        return self.filter(is_filed=False)


class GeneratedImage(models.Model):
    """One image and the recipe that made it. `file` is a storage name, and its PNG carries its infotext.

    The thumbnails are names, too: `thumbnail` is 640 pixels long, the others are empty where they would show no less
    or no more than it, and for pictures from before they were made.
    """

    FILES = ("file", "thumbnail", "thumbnail_320", "thumbnail_1280", "svg_file", "animation_file", "film_file")

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
    thumbnail_320 = models.CharField(max_length=200, blank=True, default="", db_default="")
    thumbnail_1280 = models.CharField(max_length=200, blank=True, default="", db_default="")
    svg_file = models.CharField(max_length=200, blank=True)
    animation_file = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="WebP of a grid whose cells are a way."
    )
    film_file = models.CharField(max_length=200, blank=True, default="", db_default="", help_text="The same as MP4.")
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
    checkpoint = models.CharField(
        max_length=100, blank=True, default="", db_default="", help_text="By its name, as the recipe has it."
    )
    search_words = models.TextField(
        blank=True, default="", db_default="", help_text="Folded words of the prompt; see `picture_search`."
    )
    is_filed = models.BooleanField(
        default=False, db_default=False, help_text="Its checkpoint, LoRAs, size and words can be looked for."
    )
    is_starred = models.BooleanField(default=False, db_default=False)
    rating = models.CharField(
        max_length=9, choices=Rating.choices, default=Rating.GENERAL, db_default=Rating.GENERAL,
        help_text="By an automatic look at it; see `safeguards.pictures`.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Set: gone for its owner, swept after a day.")

    objects = ImageQuerySet.as_manager()

    class Meta:
        # A filter of “My pictures” has one that ends in the order of the page, which then reads its own rows alone.
        indexes = [
            models.Index(fields=["owner", "-id"], name="image_newest_of_owner", condition=KEPT),
            models.Index(fields=["owner", "-id"], name="image_starred", condition=KEPT & models.Q(is_starred=True)),
            models.Index(fields=["owner", "checkpoint", "-id"], name="image_by_checkpoint", condition=KEPT),
            models.Index(fields=["owner", "width", "height", "-id"], name="image_by_size", condition=KEPT),
            models.Index(fields=["owner", "created_at"], name="image_by_time"),
            models.Index(fields=["id"], name="image_unfiled", condition=models.Q(is_filed=False)),
        ]
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

    @property
    def file_names(self) -> list[str]:
        """Of all its files that there are."""
        return [name for name in (getattr(self, field) for field in self.FILES) if name]


def kept_image(job: Job) -> GeneratedImage | None:
    """The job's picture, unless there is none or it was deleted. No query where `image` was selected along."""
    image: GeneratedImage | None = getattr(job, "image", None)
    return image if image is not None and image.deleted_at is None else None


class PictureLora(models.Model):
    """A LoRA of a picture, by the name that its recipe has: it stays when the LoRA is gone."""

    image = models.ForeignKey(GeneratedImage, on_delete=models.CASCADE, related_name="lora_names")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "name"], name="one_lora_once_a_picture")]
        indexes = [models.Index(fields=["owner", "name", "-image"], name="picture_by_lora")]

    def __str__(self) -> str:
        return self.name


class PictureFacet(models.Model):
    """A checkpoint, LoRA or size that some picture of a person has, so that no page counts over all of them."""

    class Kind(models.TextChoices):
        CHECKPOINT = "checkpoint", "Checkpoint"
        LORA = "lora", "LoRA"
        SIZE = "size", "Size"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=100, help_text="A name, or width x height.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind", "value"], name="one_facet_once_a_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
