"""Notices: what somebody, with or without an account, asks to have removed by law, with the clock that runs for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from gallery.models.moderated import new_code
from gallery.models.posts import Post
from generation.models import ShareLink


class Notice(models.Model):
    """One notice and its outcome. Its receipt and its outcome go to `email`."""

    class Kind(models.TextChoices):
        INTIMATE = "intimate", "An intimate picture shown without consent"
        ILLEGAL = "illegal", "Something illegal"

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        UPHELD = "upheld", "Removed"
        DISMISSED = "dismissed", "Not removed"

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(max_length=320)
    statement = models.CharField(max_length=2000, help_text="Why it is illegal, or whom it shows.")
    signature = models.CharField(max_length=150, blank=True, help_text="As it was typed.")
    is_in_good_faith = models.BooleanField(help_text="They declared that all of it is true to their best knowledge.")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, editable=False, help_text="When moderators were told that it is due.")
    answer = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="notice_by_deadline", condition=models.Q(state="open")),
            models.Index(fields=["received_at"], name="notice_by_arrival"),
            models.Index(fields=["closed_at"], name="notice_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.code})"

    @property
    def is_overdue(self) -> bool:
        return self.state == self.State.OPEN and self.due_at < timezone.now()


class NoticeAddress(models.Model):
    """One address that a notice names, and what stood there when it came."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=500)
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="notice_addresses")
    link = models.ForeignKey(ShareLink, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.address
