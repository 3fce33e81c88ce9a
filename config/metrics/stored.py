"""Metrics of what the site keeps: bytes by kind, room on its disks, credits. Sums over tables are cached."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet, Sum
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis import RedisError

from accounts.models import CreditEntry
from config.metrics.queue import credits_held
from generation.models import DataPicture, GeneratedImage, Lora, Snapshot, SourcePicture

SUMS_SECONDS = 300
"""So old may be what whole tables were added up to."""
KEY = "metrics-sums"
Kind = CreditEntry.Kind


class Stored(Collector):
    def collect(self) -> Iterator[Metric]:
        sums = sums_of_tables()
        kept = GaugeMetricFamily("tempera_storage_bytes", "What rows say is stored, by kind.", labels=["kind"])
        for kind, size in sums["bytes"].items():
            kept.add_metric([kind], size)
        yield kept
        yield GaugeMetricFamily("tempera_credits_granted", "Credits ever granted.", value=sums["granted"])
        yield GaugeMetricFamily(
            "tempera_credits_settled", "Credits ever paid for what was made.", value=sums["settled"]
        )
        yield from disks()


def sums_of_tables() -> dict[str, Any]:
    """`bytes` by kind, `granted` and `settled` credits; some minutes old."""
    try:
        return cache.get(KEY) or kept(added_up())
    except RedisError:
        return added_up()


def kept(sums: dict[str, Any]) -> dict[str, Any]:
    cache.set(KEY, sums, SUMS_SECONDS)
    return sums


def added_up() -> dict[str, Any]:
    tables: dict[str, QuerySet[Any]] = {
        "pictures": GeneratedImage.objects.all(),
        "sources": SourcePicture.objects.all(),
        "datasets": DataPicture.objects.all(),
        "snapshots": Snapshot.objects.all(),
        "loras": Lora.objects.all(),
    }
    moved = dict(CreditEntry.objects.order_by().values_list("kind").annotate(Sum("amount")))
    return {
        "bytes": {kind: int(rows.aggregate(total=Sum("size_bytes"))["total"] or 0) for kind, rows in tables.items()},
        "granted": moved.get(Kind.GRANT, 0),
        # What left the wallets and did not return, less what is still held.
        "settled": -sum(amount for kind, amount in moved.items() if kind != Kind.GRANT) - credits_held(),
    }


def disks() -> Iterator[Metric]:
    """Room where this process keeps files. Folders of one disk say the same; pictures may lie in a bucket instead."""
    free = GaugeMetricFamily("tempera_disk_free_bytes", "Room left on the disk of a folder.", labels=["folder"])
    size = GaugeMetricFamily("tempera_disk_size_bytes", "Size of the disk of a folder.", labels=["folder"])
    for name, folder in folders().items():
        usage = shutil.disk_usage(folder)
        free.add_metric([name], usage.free)
        size.add_metric([name], usage.total)
    yield from (free, size)


def folders() -> dict[str, Path]:
    """Those that are there, by what they are for."""
    places = {"data": settings.DATA_DIR, "media": settings.MEDIA_ROOT, "weights": settings.WEIGHTS_DIRS[0]}
    return {name: Path(folder) for name, folder in places.items() if Path(folder).is_dir()}
