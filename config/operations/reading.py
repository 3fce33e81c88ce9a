"""What the operator's page shows, in a fixed number of queries however much there is."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Sum
from django.utils import timezone

from accounts.models import User
from config.metrics.stored import folders
from generation.models import GeneratedImage, GpuWorker, Job, LoraMerge, TrainingRun

RECENT = timedelta(days=1)
WEEK = timedelta(days=7)
NEWEST_JOBS = 5000
NEWEST_PICTURES = 20_000
"""Of more than so many the page does not tell: it reads them all."""
MOST_SHOWN = 10
MOST_HELD = 200


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A worker and what it has in hand."""

    worker: GpuWorker
    jobs: list[Job] = field(default_factory=list)
    trainings: list[TrainingRun] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing would be lost if it were stopped now."""
        return not (self.jobs or self.trainings or self.worker.running)


@dataclass(frozen=True, slots=True)
class Disk:
    name: str
    path: Path
    free: int
    size: int

    @property
    def percent(self) -> int:
        """How much of it is taken, 0..100."""
        return 100 * (self.size - self.free) // self.size if self.size else 0


def read() -> dict[str, Any]:
    """Everything but the form. Times are by the database's clock where rows have them."""
    newest = Job.objects.aggregate(key=Max("pk"))["key"] or 0
    recent = Job.objects.filter(pk__gt=newest - NEWEST_JOBS, finished_at__gt=timezone.now() - RECENT)
    return {
        "plans": waiting_by_plan(),
        "workers": workers(),
        "merges": LoraMerge.objects.queued().count(),
        "trainings": TrainingRun.objects.queued().count(),
        "slowest": list(slowest(recent)),
        "failures": list(failures(recent)),
        "people": busiest_people(),
        "disks": disks(),
        "read_at": timezone.now(),
    }


def waiting_by_plan() -> list[Any]:
    """`plan`, `jobs` in line, `people` who wait, and `since` when the first of them does."""
    queued = Job.objects.queued().order_by().values(plan=F("owner__plan__name"))
    counted = queued.annotate(jobs=Count("pk"), people=Count("owner", distinct=True), since=Min("created_at"))
    return list(counted.order_by("-jobs"))


def workers() -> list[HeldBy]:
    """The living ones by name, each with the jobs and trainings whose rows name it."""
    held = {worker.name: HeldBy(worker) for worker in GpuWorker.objects.alive().order_by("name")}
    for job in Job.objects.running().select_related("owner").order_by("started_at")[:MOST_HELD]:
        if job.worker in held:
            held[job.worker].jobs.append(job)
    for run in TrainingRun.objects.running().select_related("owner")[:MOST_HELD]:
        if run.worker in held:
            held[run.worker].trainings.append(run)
    return list(held.values())


def slowest(recent: Any) -> Any:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    ended = recent.filter(state__in=(Job.State.DONE, Job.State.FAILED)).exclude(started_at=None)
    return ended.annotate(took=took).select_related("owner").order_by("-took")[:MOST_SHOWN]


def failures(recent: Any) -> Any:
    """`error_code`, how many `jobs`, and the `last` of them."""
    failed = recent.filter(state=Job.State.FAILED).order_by().values("error_code")
    return failed.annotate(jobs=Count("pk"), last=Max("finished_at")).order_by("-jobs")[:MOST_SHOWN]


def busiest_people() -> list[tuple[User, float, int]]:
    """Those for whom workers drew longest this week, the seconds, and how many pictures."""
    newest = GeneratedImage.objects.aggregate(key=Max("pk"))["key"] or 0
    drawn = GeneratedImage.objects.filter(pk__gt=newest - NEWEST_PICTURES, created_at__gt=timezone.now() - WEEK)
    sums = drawn.order_by().values("owner").annotate(seconds=Sum("render_seconds"), pictures=Count("pk"))
    rows = list(sums.order_by("-seconds")[:MOST_SHOWN])
    people = User.objects.in_bulk([row["owner"] for row in rows])
    return [(people[row["owner"]], row["seconds"], row["pictures"]) for row in rows]


def disks() -> list[Disk]:
    """Where this web process keeps files; folders on one disk stand together."""
    by_disk: dict[tuple[int, int], list[tuple[str, Path]]] = defaultdict(list)
    for name, path in folders().items():
        usage = shutil.disk_usage(path)
        by_disk[path.stat().st_dev, usage.total].append((name, path))
    return [
        Disk(", ".join(name for name, _ in places), places[0][1], shutil.disk_usage(places[0][1]).free, size)
        for (_, size), places in by_disk.items()
    ]
