"""Pictures that people bring to start from, and which kept pictures need them. Private to their owner."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

from generation.models.images import GeneratedImage
from generation.models.jobs import new_code


class SourceQuerySet(models.QuerySet["SourcePicture"]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def newest(self) -> Self:
        return self.order_by("-id")

    def unneeded(self) -> Self:
        """Those that no kept picture was made from; one that was deleted may still be taken back until it is swept."""
        return self.filter(
            ~models.Exists(SourceUse.objects.filter(source=models.OuterRef("pk")).exclude(image__file=""))
        )


class SourcePicture(models.Model):
    """A picture that somebody brought, upright, without EXIF: a PNG whose `sha256` recipes name.

    `expires_at` is when it is deleted, unless a kept picture needs it. What its file said of itself is kept:
    `source_type` is IPTC's term, `mark` the number in its invisible watermark, `prompt` that of the recipe in it.
    """

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=200, blank=True, help_text="The name of the file it came as.")
    file = models.CharField(max_length=200)
    thumbnail = models.CharField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True, help_text="Of the kept PNG.")
    has_alpha = models.BooleanField(default=False, help_text="Some of it is transparent, which may be taken as a mask.")
    is_blank = models.BooleanField(default=False, help_text="All black: as a mask there would be nothing to draw.")
    source_type = models.CharField(max_length=200, blank=True)
    mark = models.BigIntegerField(null=True, blank=True)
    prompt = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "sha256"], name="one_source_once_a_person")]

    def __str__(self) -> str:
        return self.name or self.code


class SourceUse(models.Model):
    """That a kept picture was made from a picture somebody brought."""

    source = models.ForeignKey(SourcePicture, on_delete=models.CASCADE, related_name="uses")
    image = models.ForeignKey(GeneratedImage, on_delete=models.CASCADE, related_name="source_uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "image"], name="one_use_once_a_picture")]

    def __str__(self) -> str:
        return f"{self.image_id} from {self.source_id}"
