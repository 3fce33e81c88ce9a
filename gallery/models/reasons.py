"""Why moderators refuse or remove something: sentences that they choose from, kept in the admin."""

from __future__ import annotations

from django.db import models


class ManagedReason(models.Model):
    """One sentence that authors read. What was decided keeps its own copy: changing a reason changes no decision."""

    class Subject(models.TextChoices):
        ANY = "any", "Anything"
        POST = "post", "Pictures"
        RELEASE = "release", "LoRAs"
        COMMENT = "comment", "Comments"
        PERSON = "person", "People: strikes, suspensions, bans"

    subject = models.CharField(max_length=8, choices=Subject.choices, default=Subject.ANY)
    sentence = models.CharField(max_length=300, help_text="The author reads it as it stands here.")
    ground = models.CharField(
        max_length=200,
        blank=True,
        help_text="The law or the rule of this site that it rests on; stands in the statement of reasons.",
    )
    place = models.PositiveSmallIntegerField(default=0, help_text="The smallest stands first.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["subject", "place", "id"]
        constraints = [models.UniqueConstraint(fields=["subject", "sentence"], name="reason_listed_once")]

    def __str__(self) -> str:
        return self.sentence


def reasons_for(subject: str) -> list[str]:
    """The sentences for a kind of thing, its own before those for anything."""
    rows = ManagedReason.objects.filter(is_active=True, subject__in=[subject, ManagedReason.Subject.ANY])
    listed = list(rows.values_list("subject", "sentence"))
    return [sentence for which, sentence in sorted(listed, key=lambda row: row[0] == ManagedReason.Subject.ANY)]
