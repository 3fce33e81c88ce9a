"""`/metrics`: what workers and queue are doing, in Prometheus' text format, read from rows; for staff and their tokens.

A scraper sends a staff member's API token: `authorization: {credentials: tmp_...}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.refusals import NotAllowed
from accounts.second_factor import SENTENCE, lacks_second_factor
from generation.api.access import HasScope
from generation.models import GpuWorker, Job, TrainingRun

ROW_BUCKETS = (1, 2, 4, 8, 16, 32)


class Staff(IsAdminUser):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        if lacks_second_factor(request.user):
            raise NotAllowed("no-second-factor", SENTENCE)
        return True


@extend_schema(exclude=True)
@api_view(["GET"])
@permission_classes([Staff, HasScope])
def metrics(request: Request) -> HttpResponse:
    registry = CollectorRegistry()
    registry.register(Rows())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class Rows(Collector):
    """The rows as they are now. Seconds are wall seconds, rows those of UNet calls, counters since a worker's start."""

    def collect(self) -> Iterator[Metric]:
        yield from unfinished()
        workers = list(GpuWorker.objects.alive())
        yield GaugeMetricFamily("tempera_workers", "Workers that reported lately.", value=len(workers))
        yield from told("tempera_worker_slots", "Jobs that a worker takes at once.", workers, "slots")
        yield from told("tempera_worker_running", "Jobs in a worker's hands.", workers, "running")
        yield from told("tempera_worker_speed", "Pixels times steps finished a second.", workers, "work_per_second")
        yield from engines([(worker.name, worker.metrics) for worker in workers if worker.metrics])


def unfinished() -> Iterator[Metric]:
    """Jobs and training runs that have not ended, by state; a state without any says 0."""
    jobs = GaugeMetricFamily("tempera_jobs", "Jobs that have not ended.", labels=["state"])
    counts = dict(Job.objects.unfinished().values_list("state").annotate(Count("pk")))
    for state in (Job.State.QUEUED, Job.State.RUNNING):
        jobs.add_metric([state], counts.get(state, 0))
    yield jobs
    runs = GaugeMetricFamily("tempera_training_runs", "Training runs that have not ended.", labels=["state"])
    for state, count in TrainingRun.objects.unfinished().values_list("state").annotate(Count("pk")).order_by("state"):
        runs.add_metric([state], count)
    yield runs


def told(name: str, words: str, workers: list[GpuWorker], field: str) -> Iterator[Metric]:
    """A field of every worker's row."""
    family = GaugeMetricFamily(name, words, labels=["worker", "device"])
    for worker in workers:
        family.add_metric([worker.name, worker.device], getattr(worker, field))
    yield family


def engines(seen: list[tuple[str, dict[str, Any]]]) -> Iterator[Metric]:
    """What each engine counted (`generation.engine.batching.metrics.MetricsSnapshot`), by worker."""
    rows = HistogramMetricFamily("tempera_batch_rows", "Rows that share a UNet call.", labels=["worker"])
    steps = SummaryMetricFamily("tempera_step_seconds", "Duration of a UNet call.", labels=["worker"])
    waits = SummaryMetricFamily("tempera_queue_wait_seconds", "From joining to being in a batch.", labels=["worker"])
    ended = CounterMetricFamily("tempera_renders", "Requests by how they ended.", labels=["worker", "outcome"])
    for worker, counted in seen:
        rows.add_metric([worker], cumulative(counted["rows_by_call"]), sum_value=counted["rows"])
        steps.add_metric([worker], counted["calls"], counted["step_seconds_total"])
        waits.add_metric([worker], counted["queue_waits"], counted["queue_wait_seconds_total"])
        for outcome, count in counted["ended"].items():
            ended.add_metric([worker, outcome], count)
    yield from (rows, steps, waits, ended)


def cumulative(calls_by_rows: dict[str, int]) -> list[tuple[str, float]]:
    """Prometheus' buckets: how many calls had at most so many rows. JSON has made the keys words."""
    counts = {int(rows): calls for rows, calls in calls_by_rows.items()}
    bounds = [
        (str(float(bound)), sum(calls for rows, calls in counts.items() if rows <= bound)) for bound in ROW_BUCKETS
    ]
    return [*bounds, ("+Inf", sum(counts.values()))]
