"""Metrics of what waits and runs: jobs by state and by plan, how long they have waited, trainings, credits held."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from accounts.models import Plan
from generation.jobs.queueing import seconds_for
from generation.models import Job, SiteState, TrainingRun, TrainingSearch


class Queue(Collector):
    """The rows as they are now; seconds are wall seconds by this machine's clock."""

    def collect(self) -> Iterator[Metric]:
        yield from unfinished_jobs()
        yield from waiting_by_plan()
        estimate = seconds_for(Job.objects.queued())
        yield GaugeMetricFamily(
            "tempera_queue_seconds",
            "How long the workers at work would draw at all that waits; 0 where nobody can know.",
            value=estimate or 0,
        )
        yield from trainings()
        yield GaugeMetricFamily("tempera_credits_held", "Credits held for what has not ended.", value=credits_held())
        paused = SiteState.objects.is_paused()
        yield GaugeMetricFamily("tempera_paused", "1 while the operator has drawing paused.", value=int(paused))


def unfinished_jobs() -> Iterator[Metric]:
    """Jobs that have not ended, by state; a state without any says 0."""
    jobs = GaugeMetricFamily("tempera_jobs", "Jobs that have not ended.", labels=["state"])
    counts = dict(Job.objects.unfinished().values_list("state").annotate(Count("pk")))
    for state in (Job.State.QUEUED, Job.State.RUNNING):
        jobs.add_metric([state], counts.get(state, 0))
    yield jobs


def waiting_by_plan() -> Iterator[Metric]:
    """Jobs in line and how long the first of them has waited, by plan; a plan without any says 0."""
    depth = GaugeMetricFamily("tempera_queue_jobs", "Jobs in line, by their owners' plan.", labels=["plan"])
    oldest = GaugeMetricFamily(
        "tempera_queue_oldest_seconds", "How long the job has waited that waits longest, by plan.", labels=["plan"]
    )
    queued = Job.objects.queued().order_by().values_list("owner__plan__name")
    found = {name: (count, since) for name, count, since in queued.annotate(Count("pk"), Min("created_at"))}
    now = timezone.now()
    for name in Plan.objects.order_by("pk").values_list("name", flat=True):
        count, since = found.get(name, (0, now))
        depth.add_metric([name], count)
        oldest.add_metric([name], max(0.0, (now - since).total_seconds()))
    yield from (depth, oldest)


def trainings() -> Iterator[Metric]:
    runs = GaugeMetricFamily("tempera_training_runs", "Training runs that have not ended.", labels=["state"])
    counts = dict(TrainingRun.objects.unfinished().order_by().values_list("state").annotate(Count("pk")))
    for state in TrainingRun.UNFINISHED:
        runs.add_metric([state], counts.get(state, 0))
    yield runs


def credits_held() -> int:
    """By jobs, trainings and searches of trainings; the runs of a search hold nothing of their own."""
    rows = (
        Job.objects.unfinished(),
        TrainingRun.objects.unfinished().filter(search=None),
        TrainingSearch.objects.running(),
    )
    return sum(each.aggregate(total=Sum("credits"))["total"] or 0 for each in rows)
