"""By what else one's own pictures are found again, and what there is to choose from: written with the picture."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from generation.models.images import GeneratedImage


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
