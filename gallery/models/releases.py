"""Releases: a LoRA that its owner wants everybody to use, with the pictures that show what it does."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

from gallery.models.moderated import Moderated, WrittenOnce
from generation.models import GeneratedImage, Lora


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Releases; filters read as a sentence: `Release.objects.public().visible_to(alice)`."""

    def public(self) -> Self:
        return self.filter(state=Release.State.APPROVED, lora__isnull=False)

    def visible_to(self, user: Any) -> Self:
        own = models.Q(author=user.pk) if user.is_authenticated else models.Q(pk__in=[])
        return self.filter(models.Q(state=Release.State.APPROVED) | own, lora__isnull=False)

    def of(self, user: Any) -> Self:
        return self.filter(author=user)


class Release(Moderated):
    """One LoRA on its way to everybody. Title, licence and words are kept as they were sent in."""

    lora = models.OneToOneField(Lora, null=True, on_delete=models.SET_NULL, related_name="release")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="releases")
    title = models.CharField(max_length=120)
    licence = models.CharField(max_length=60)
    trigger_words = models.JSONField(default=list, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="release_by_state"),
            models.Index(fields=["author"], condition=models.Q(is_news=True), name="release_news"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        return self.state == self.State.APPROVED and self.lora_id is not None

    def follow(self) -> None:
        """The catalog offers to everybody what is approved, and nothing else of what people own."""
        Lora.objects.filter(release=self).update(is_public=self.state == self.State.APPROVED)


class ReleaseSample(models.Model):
    """A picture that its author made with the LoRA; gone from the release when its author deletes it."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="samples")
    image = models.ForeignKey(GeneratedImage, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["release", "place"], name="one_sample_per_place")]

    def __str__(self) -> str:
        return f"{self.release}: {self.place}"


class ReleaseDecision(WrittenOnce):
    """One change of a release's state."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="decisions")
