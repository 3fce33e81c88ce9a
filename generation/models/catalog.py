"""The catalog: which weight files there are, what they fit and who may use them. Rows are made from file headers."""

from __future__ import annotations

import json
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast

FAMILY_TITLES = {"sd1": "SD 1.5", "sd2": "SD 2", "sdxl": "SDXL", "mini": "Mini"}


class WeightQuerySet(models.QuerySet[Any]):
    """What can be picked, said as a sentence: `Lora.objects.usable_by(user).for_family("sd1")`."""

    def usable_by(self, user: Any) -> Self:
        mine = models.Q(owner=user.pk) if user is not None and user.is_authenticated else models.Q(pk__in=[])
        return self.filter(models.Q(is_public=True) | mine, is_enabled=True)

    def for_family(self, family: str) -> Self:
        return self.filter(family=family)

    def listed(self) -> Self:
        return self.filter(is_public=True, is_enabled=True).order_by("title")


class WeightRow(models.Model):
    """What every kind of weight file has. `sha256` is its identity; `path` is relative to a weights folder."""

    name = models.CharField(max_length=100, unique=True, help_text="The word that prompts use.")
    file_name = models.CharField(
        max_length=500, blank=True, help_text="What the file was called, with its folders; prompts may say that, too."
    )
    title = models.CharField(max_length=120)
    family = models.CharField(max_length=12, blank=True, choices=list(FAMILY_TITLES.items()))
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField(default=0)
    stamp = models.CharField(max_length=60, blank=True, help_text="Size and time of the file when it was hashed.")
    licence = models.CharField(max_length=60, blank=True)
    description = models.TextField(max_length=2000, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    is_public = models.BooleanField(default=True)
    is_enabled = models.BooleanField(default=True, help_text="Off: kept in old recipes, offered to nobody.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WeightQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def autov2(self) -> str:
        """The ten characters by which other tools name a file."""
        return self.sha256[:10]


class Checkpoint(WeightRow):
    """The weights that draw: UNet, VAE and text encoder. Its defaults fill an untouched recipe."""

    layout = models.CharField(max_length=6, choices=[("folder", "folder"), ("file", "file")], default="folder")
    is_default = models.BooleanField(default=False)
    is_inpainting = models.BooleanField(
        default=False, db_default=False, help_text="Its UNet takes a mask besides: it draws nothing from text alone."
    )
    native_width = models.PositiveIntegerField(default=512)
    native_height = models.PositiveIntegerField(default=512)
    chunk_tokens = models.PositiveIntegerField(default=75, help_text="Words' pieces that one text chunk holds.")
    default_steps = models.PositiveIntegerField(default=20)
    default_cfg_scale = models.FloatField(default=7.0)
    default_sampler = models.CharField(max_length=40, default="Euler")
    example_prompts = models.JSONField(default=list, blank=True, help_text="Prompts the empty Create page offers.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_checkpoint"
            )
        ]


class LoraQuerySet(WeightQuerySet):
    """LoRAs may also be shared with named people, and stand in series of versions."""

    def usable_by(self, user: Any) -> Self:
        return self.filter(_open_to(user), is_enabled=True)

    def visible_to(self, user: Any) -> Self:
        """What they may use, and everything of their own: what was quarantined still tells its owner why."""
        own = models.Q(owner=user.pk) if user.is_authenticated else models.Q(pk__in=[])
        return self.filter(own | models.Q(_open_to(user), is_enabled=True))

    def matching(self, words: str) -> Self:
        """Those of whose title, name, description and trigger words each word is a part, or who brought them."""
        rows = self.annotate(words=Cast("trigger_words", models.TextField()))
        for word in words.split():
            # As JSON keeps what is not ASCII.
            kept = json.dumps(word)[1:-1]
            rows = rows.filter(
                models.Q(title__icontains=word)
                | models.Q(name__icontains=word)
                | models.Q(description__icontains=word)
                | models.Q(words__icontains=word)
                | models.Q(words__icontains=kept)
                | models.Q(owner__username__iexact=word)
            )
        return rows

    def newest_for(self, user: Any) -> Self:
        """Of each series the newest version that this person may use."""
        newer = Lora.objects.usable_by(user).filter(
            series=models.OuterRef("series"), version__gt=models.OuterRef("version")
        )
        return self.filter(models.Q(series="") | ~models.Exists(newer))

    def named(self, name: str) -> Lora | None:
        """The one of these that a prompt means by `name`: a version's own name, or that of a series, its newest."""
        ways = ({"name": name}, {"name__iexact": name}, {"series": name}, {"series__iexact": name})
        found = (self.filter(**way).order_by("-version", "pk").first() for way in ways)
        return next((lora for lora in found if lora is not None), None)


def _open_to(user: Any) -> models.Q:
    if user is None or not user.is_authenticated:
        return models.Q(is_public=True)
    told = Lora.shared_with.through.objects.filter(user=user.pk).values("lora")
    return models.Q(is_public=True) | models.Q(owner=user.pk) | models.Q(pk__in=told)


class Lora(WeightRow):
    """A small addition to a checkpoint: a style or a subject, picked in a prompt by `<lora:name:weight>`.

    A row with an owner came from a person: uploaded, trained or merged. Its `is_public` follows its release in the
    gallery and is written there alone. Several people may own rows of one file, so its hash is not unique.
    """

    sha256 = models.CharField(max_length=64, db_index=True)
    rank = models.PositiveIntegerField(null=True, blank=True)
    trigger_words = models.JSONField(default=list, blank=True)
    lora_hash = models.CharField(max_length=12, blank=True, help_text="The hash that infotext carries.")
    example_prompts = models.JSONField(default=list, blank=True)
    left_out = models.CharField(max_length=300, blank=True, help_text="What of its file is not used.")
    series = models.CharField(
        max_length=90, blank=True, db_index=True, help_text="What all versions are called together; empty: only one."
    )
    version = models.PositiveSmallIntegerField(default=1)
    allowed_licences = models.JSONField(
        default=list, blank=True, help_text="Keys of the licences that the LoRAs it was merged from allow; empty: any."
    )
    shared_with = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    may_download = models.BooleanField(default=False, help_text="Whether others may download the file.")
    downloads = models.PositiveIntegerField(default=0)
    quarantined_at = models.DateTimeField(null=True, blank=True)
    quarantine_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was quarantined; told its owner."
    )
    let_back_at = models.DateTimeField(
        null=True, blank=True, help_text="When an administrator last let it back; what failed before counts no more."
    )

    @property
    def word(self) -> str:
        """What prompts call the newest of its series; its own name where it has no other version."""
        return self.series or self.name

    # A queryset that says more than that of other weights; the stubs know class variables by their declaration only.
    objects = LoraQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=models.Q(owner=None), name="one_lora_of_the_site_per_file"
            ),
            models.UniqueConstraint(
                fields=["series", "version"], condition=~models.Q(series=""), name="one_lora_per_version"
            ),
        ]


class LoraParent(models.Model):
    """What a merged LoRA was made of. Name, hash and weight stay when the parent's row goes."""

    lora = models.ForeignKey(Lora, on_delete=models.CASCADE, related_name="parents")
    parent = models.ForeignKey(Lora, null=True, on_delete=models.SET_NULL, related_name="children")
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    weight = models.FloatField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} × {self.weight:g}"


class Embedding(WeightRow):
    """A textual inversion: a word that stands for learned vectors."""

    tokens = models.PositiveIntegerField(default=1)


class Vae(WeightRow):
    """A decoder that may stand in for a checkpoint's own. Its latents have one shape for all families: none is kept."""


class Upscaler(WeightRow):
    """A network that makes pictures larger, of the ESRGAN family. It is of no family of checkpoints."""

    scale = models.PositiveSmallIntegerField(default=4, help_text="How many times larger a side becomes by it.")


class WildcardQuerySet(models.QuerySet[Any]):
    """Lists are the site's, for everybody, or one person's."""

    def usable_by(self, user: Any) -> Self:
        """The site's and their own, by name."""
        own = models.Q(owner=None) | models.Q(owner=user.pk or 0)
        return self.filter(own, is_enabled=True).order_by("name", "owner")


class Wildcard(models.Model):
    """A list that `__name__` in a prompt draws from, by seed. One without an owner is the site's, for everybody."""

    name = models.CharField(max_length=100, help_text="As in __animals/birds__, without the underscores around it.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    lines = models.TextField(help_text="One choice a line; 2::word is drawn twice as often, # begins a remark.")
    is_enabled = models.BooleanField(default=True)

    objects = WildcardQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(owner=None), name="one_list_of_the_site_per_name"
            ),
            models.UniqueConstraint(fields=["owner", "name"], name="one_list_of_a_person_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def choices(self) -> list[str]:
        """Its lines, but for empty ones and remarks, which begin with `#`."""
        lines = (line.strip() for line in self.lines.splitlines())
        return [line for line in lines if line and not line.startswith("#")]
