"""What every thing that moderators decide about has: a state, who sent it in, and its decisions, written once.

States are written by `publishing` and `moderation` alone, through `transitions`; nothing moderated is ever deleted.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from accounts.models import AppendOnlyQuerySet


def new_code() -> str:
    """A short public handle; not a secret: what may be seen is decided by the state."""
    return secrets.token_hex(6)


class Moderated(models.Model):
    """A thing that its author wants to be public. `flags` are the sentences that screening leaves for moderators."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for a moderator"
        APPROVED = "approved", "In the gallery"
        REJECTED = "rejected", "Not accepted"
        WITHDRAWN = "withdrawn", "Withdrawn"
        TAKEN_DOWN = "taken_down", "Taken down"
        HIDDEN = "hidden", "Hidden until a moderator has looked"

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    flags = models.JSONField(default=list, blank=True)
    submitted_at = models.DateTimeField(help_text="When it was last sent in.")
    approved_at = models.DateTimeField(null=True, blank=True)
    is_news = models.BooleanField(
        default=False, db_default=False, help_text="A moderator has decided, and its author has not read it yet."
    )

    decisions: ClassVar[Any]

    class Meta:
        abstract = True

    @property
    def last_decision(self) -> Any:
        return self.decisions.order_by("-pk").first()

    @property
    def told_reason(self) -> str:
        """Why it is not public, as its author reads it; empty where nobody refused it.

        Of the last decision that gave one, since one that was taken back gives none; why a reported one was kept is
        between moderators.
        """
        if self.state not in (self.State.REJECTED, self.State.TAKEN_DOWN, self.State.HIDDEN):
            return ""
        return str(self.decisions.exclude(reason="").order_by("-pk").values_list("reason", flat=True).first() or "")

    def follow(self) -> None:
        """What else becomes true with the state; called inside the transaction that changed it."""


class WrittenOnce(models.Model):
    """One change of a state: who did what, and why."""

    class Verb(models.TextChoices):
        PUBLISH = "publish", "Sent in"
        WITHDRAW = "withdraw", "Withdrawn"
        APPROVE = "approve", "Approved"
        REJECT = "reject", "Rejected"
        TAKE_DOWN = "take_down", "Taken down"
        KEEP = "keep", "Kept"
        UNDO = "undo", "Undone"
        RATE = "rate", "Rated"
        HIDE = "hide", "Hidden after reports"

    who = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="%(class)ss",
        help_text="Empty: the site itself.",
    )
    verb = models.CharField(max_length=10, choices=Verb.choices)
    reason = models.CharField(max_length=300, blank=True)
    from_state = models.CharField(max_length=10, choices=Moderated.State.choices, blank=True)
    to_state = models.CharField(max_length=10, choices=Moderated.State.choices)
    at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.who or 'the site'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Decisions are append-only: they cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Decisions are append-only: they cannot be deleted.")
