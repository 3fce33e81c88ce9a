"""Rows about how people come in: invitations, and visits of the staff to somebody's pages for support."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone


def new_invitation_code() -> str:
    """Twelve letters and digits without look-alikes, 58 bits: whoever knows it may join."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))


class Invitation(models.Model):
    """A code with which some people may sign up. `joining` alone counts its uses."""

    code = models.CharField(max_length=12, unique=True, default=new_invitation_code, editable=False)
    uses = models.PositiveIntegerField(default=1, help_text="How many people may join by it.")
    used = models.PositiveIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    plan = models.ForeignKey(
        "accounts.Plan", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="What those who join by it get; empty: the default plan.",
    )  # fmt: skip
    note = models.CharField(max_length=200, blank=True, help_text="What it is for; only the staff see it.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(used__lte=models.F("uses")), name="invitation_within_uses")
        ]

    def __str__(self) -> str:
        return self.note or self.code

    @property
    def is_good(self) -> bool:
        """Whether somebody may still join by it."""
        return self.used < self.uses and (self.expires_at is None or self.expires_at > timezone.now())


class Visit(models.Model):
    """One of the staff looking at somebody's pages as they see them. `visits` alone writes these."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_made")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_had")
    reason = models.CharField(max_length=300)
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="It is over then, whatever happens.")
    ended_at = models.DateTimeField(null=True, help_text="Empty: nobody has ended it, or it ran out unnoticed.")

    class Meta:
        ordering = ["-id"]
        permissions = [("visit_people", "Can visit people's pages for support")]

    def __str__(self) -> str:
        return f"{self.by} at {self.person}"
