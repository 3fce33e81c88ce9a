"""Data sets: the pictures somebody teaches a LoRA with. Private to their owner, gone after a set number of days."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

from generation.models.jobs import new_code


class DataSetQuerySet(models.QuerySet["DataSet"]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def newest(self) -> Self:
        return self.order_by("-id")


class DataSet(models.Model):
    """A handful of pictures with captions. `expires_at` is when they are deleted, with their files."""

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="datasets")
    title = models.CharField(max_length=80)
    trigger = models.CharField(max_length=80, blank=True, help_text="The phrase that calls what is learned.")
    consented_at = models.DateTimeField(help_text="When the owner said that they may use these pictures.")
    seed = models.PositiveBigIntegerField(default=0, help_text="Decides which pictures are held out.")
    held_out = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: a quarter of them.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = DataSetQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class DataPicture(models.Model):
    """One picture of a data set, stored without EXIF.

    `crop` is left, top, right, bottom and `focus` x, y, all in 0..1 of the picture; empty: left to the trainer.
    """

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    dataset = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="pictures")
    name = models.CharField(max_length=200, help_text="The name of the file it came as.")
    file = models.CharField(max_length=200)
    thumbnail = models.CharField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    pdq = models.CharField(max_length=64, help_text="Perceptual hash of 256 bits, in hex.")
    caption = models.TextField(max_length=1000, blank=True, help_text="Empty: the trigger of the data set.")
    crop = models.JSONField(null=True, blank=True)
    focus = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "sha256"], name="one_picture_once_a_dataset")]

    def __str__(self) -> str:
        return self.name
