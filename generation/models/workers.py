"""Workers as they report themselves: who is alive, with what room, and how fast it draws."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now

ALIVE_WITHIN = timedelta(seconds=30)


class GpuWorkerQuerySet(models.QuerySet["GpuWorker"]):
    def alive(self) -> Self:
        return self.filter(seen_at__gt=Now() - ALIVE_WITHIN)

    def at_work(self) -> Self:
        """Those alive that take new work."""
        return self.alive().filter(is_draining=False)

    def slots(self) -> int:
        """How many jobs all of these draw at once."""
        return sum(self.values_list("slots", flat=True))


class GpuWorker(models.Model):
    """One worker process. `work_per_second` is measured: pixels times steps that it finishes in a second."""

    name = models.CharField(max_length=100, unique=True)
    device = models.CharField(max_length=100, blank=True)
    slots = models.PositiveIntegerField(default=1)
    running = models.PositiveIntegerField(default=0)
    work_per_second = models.FloatField(default=0)
    checkpoints = models.JSONField(default=list, blank=True, help_text="sha256 of those whose files it can reach.")
    metrics = models.JSONField(default=dict, blank=True)
    is_draining = models.BooleanField(
        default=False, db_default=False, help_text="It ends what it has in hand and takes nothing more."
    )
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    objects = GpuWorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def lacking(self) -> list[str]:
        """sha256 of what the catalog has besides checkpoints and this worker does not find; told with its metrics."""
        lacking: list[str] = self.metrics.get("lacking", [])
        return lacking
