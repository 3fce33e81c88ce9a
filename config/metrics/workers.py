"""Metrics of workers as they reported themselves with their last heartbeat, and of what their engines counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from generation.models import GpuWorker

ROW_BUCKETS = (1, 2, 4, 8, 16, 32)


class Workers(Collector):
    """Rows are those of UNet calls, counters since a worker's start."""

    def collect(self) -> Iterator[Metric]:
        workers = list(GpuWorker.objects.alive())
        yield GaugeMetricFamily("tempera_workers", "Workers that reported lately.", value=len(workers))
        yield from told("tempera_worker_slots", "Jobs that a worker takes at once.", workers, "slots")
        yield from told("tempera_worker_running", "Jobs in a worker's hands.", workers, "running")
        yield from told("tempera_worker_speed", "Pixels times steps finished a second.", workers, "work_per_second")
        yield from told("tempera_worker_draining", "1 where it takes nothing more.", workers, "is_draining")
        yield from engines([(worker.name, worker.metrics) for worker in workers if worker.metrics])


def told(name: str, words: str, workers: list[GpuWorker], field: str) -> Iterator[Metric]:
    """A field of every worker's row."""
    family = GaugeMetricFamily(name, words, labels=["worker", "device"])
    for worker in workers:
        family.add_metric([worker.name, worker.device], float(getattr(worker, field)))
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
