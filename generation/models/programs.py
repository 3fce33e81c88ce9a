"""What the words of other programs mean here: their names of models, and their names of people."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from generation.models.catalog import Checkpoint

MAX_SUBJECT_CHARS = 200


class ModelAlias(models.Model):
    """A model that clients ask for by a name of somebody else's, since some can send no other. The operator's table."""

    name = models.CharField(max_length=100, unique=True, help_text="As clients send it, such as gpt-image-1.")
    checkpoint = models.ForeignKey(
        Checkpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="What draws then. Empty: the default checkpoint.",
    )  # fmt: skip

    class Meta:
        ordering = ["name"]
        verbose_name = "name of a model"
        verbose_name_plural = "names of models"

    def __str__(self) -> str:
        return self.name


class NamedPerson(models.Model):
    """Who is meant by a name that a program gives its people. Written by `generation.api.people` alone.

    Names belong to who runs the program, not to one token, so that a new token of theirs means the same people.
    """

    speaker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+",
        help_text="Whose tokens speak for people under this name.",
    )  # fmt: skip
    subject = models.CharField(max_length=MAX_SUBJECT_CHARS, help_text="The program's own name for the person.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["speaker", "subject"], name="one_person_for_a_name")]
        verbose_name = "person named by a program"
        verbose_name_plural = "people named by programs"

    def __str__(self) -> str:
        return f"{self.subject}: {self.person}"
