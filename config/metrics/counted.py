"""Metrics of what all processes counted (`generation.messages.counters`): requests, tasks, endings, sockets, previews.

While the broker is away they are missing from the page, and rows are told alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis import RedisError

from generation.messages import counters
from generation.messages.counters import BOUNDS, SUM, Series

COUNTS = {
    "http_requests": ("Requests of pages and programs.", ("method", "route", "status")),
    "celery_tasks": ("Celery tasks that ended.", ("task", "state")),
    "jobs_ended": ("Jobs that ended; a failed one with its code.", ("state", "code")),
    "trainings_ended": ("Training runs that ended.", ("state",)),
    "previews_dropped": ("Previews that nobody was shown, since newer ones came.", ("reason",)),
}
HISTOGRAMS = {
    "http_request_seconds": ("From a request to the head of its answer.", ("method", "route")),
    "celery_task_seconds": ("Duration of Celery tasks.", ("task",)),
    "job_wait_seconds": ("From a submission to its claim by a worker.", ()),
}
LEVELS = {"sockets_open": ("Websockets that are open.", ("kind",))}


class Counted(Collector):
    def collect(self) -> Iterator[Metric]:
        counters.counters.flush()
        try:
            totals, levels = counters.totals(), counters.levels()
        except RedisError:
            return
        by_name: dict[str, dict[Series, float]] = defaultdict(dict)
        for series, amount in (totals | levels).items():
            by_name[series[0]][series[1:]] = amount
        for name, (words, labels) in COUNTS.items():
            count = CounterMetricFamily(f"tempera_{name}", words, labels=labels)
            for values, amount in by_name[name].items():
                count.add_metric(values, amount)
            yield count
        for name, (words, labels) in LEVELS.items():
            level = GaugeMetricFamily(f"tempera_{name}", words, labels=labels)
            for values, amount in by_name[name].items():
                level.add_metric(values, amount)
            yield level
        for name, (words, labels) in HISTOGRAMS.items():
            family = HistogramMetricFamily(f"tempera_{name}", words, labels=labels)
            yield filled(family, by_name[name], BOUNDS[name])


def filled(
    family: HistogramMetricFamily, found: dict[Series, float], bounds: tuple[float, ...]
) -> HistogramMetricFamily:
    """The family with its buckets added up as Prometheus reads them: each holds those below it."""
    for values in sorted({series[:-1] for series in found}):
        buckets, reached = [], 0.0
        for bound in (*(str(float(bound)) for bound in bounds), counters.BEYOND):
            reached += found.get((*values, bound), 0)
            buckets.append((bound, reached))
        family.add_metric(values, buckets, found.get((*values, SUM), 0.0))
    return family
