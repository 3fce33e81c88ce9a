"""What moderators do about people: strikes, suspensions and bans; and what people say against a decision."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from gallery.models.acts import Subject
from gallery.models.moderated import new_code


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def of(self, user: Any) -> Self:
        return self.filter(person=user)

    def in_force(self) -> Self:
        """Those that hold now: neither lifted nor expired, and confirmed where that was needed."""
        lasting = models.Q(ends_at=None) | models.Q(ends_at__gt=timezone.now())
        return self.filter(lasting, state=Sanction.State.ACTIVE)


class Sanction(models.Model):
    """One strike, suspension or ban. Each change of it is an act beside it."""

    class Kind(models.TextChoices):
        STRIKE = "strike", "Strike"
        SUSPENSION = "suspension", "Suspension"
        BAN = "ban", "Ban"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second moderator"
        ACTIVE = "active", "In force"
        REFUSED = "refused", "Not confirmed"
        LIFTED = "lifted", "Lifted"

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sanctions")
    reason = models.CharField(max_length=300, help_text="The person reads it.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True, help_text="Empty: until it is lifted.")

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person", "state"], name="sanction_by_person"),
            models.Index(fields=["at", "id"], name="sanction_to_confirm", condition=models.Q(state="proposed")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(kind="ban", state__in=["proposed", "active"]),
                name="one_ban_of_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"


class Appeal(models.Model):
    """What somebody says against one decision about them: one appeal for each, answered by somebody else."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeals")
    subject = models.CharField(max_length=9, choices=Subject.choices)
    subject_id = models.BigIntegerField(help_text="Of the post, release or sanction.")
    decision_id = models.BigIntegerField(help_text="Of the decision against which it is; of a sanction its own.")
    words = models.CharField(max_length=1000)
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    at = models.DateTimeField()
    answer = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="appeal_by_age", condition=models.Q(state="open")),
            models.Index(fields=["author", "-id"], name="appeal_by_author"),
            models.Index(fields=["closed_at"], name="appeal_by_end"),
        ]
        constraints = [models.UniqueConstraint(fields=["subject", "decision_id"], name="one_appeal_for_each_decision")]

    def __str__(self) -> str:
        return f"Appeal {self.code}"
