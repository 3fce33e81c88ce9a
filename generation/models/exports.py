"""Copies that people have made of all they keep on the site: one file each, for some days.

Written by `config.exports` and by nobody else.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from generation.models.jobs import new_code
from generation.models.leases import QueueQuerySet


class AccountExportQuerySet(QueueQuerySet["AccountExport"]):
    pass


class AccountExport(models.Model):
    """One copy on its way. `attempt` is the fencing token: only its holder may write progress or end it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    solo_crash_count = models.PositiveSmallIntegerField(default=0, help_text="Workers that died with it in hand.")
    lease_until = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True, help_text="When a wake-up was last sent for it.")
    files_done = models.PositiveIntegerField(default=0)
    files_total = models.PositiveIntegerField(default=0)
    file = models.CharField(max_length=100, blank=True, help_text="Its name in the folder of such files.")
    size_bytes = models.BigIntegerField(default=0)
    error_message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the file is removed.")

    objects = AccountExportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="export_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(state__in=["queued", "running"]), name="one_export_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.code
