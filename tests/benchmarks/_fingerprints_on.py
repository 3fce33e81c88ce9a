"""`python -m tests.benchmarks._fingerprints_on ROWS`: fill the database that the settings name, look up, print JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LOOK_UPS = 200
BATCH = 5000
FAMILY_EVERY, FAMILY = 100, 20
"""Every so-manieth hash has so many variants beside it, each up to 40 bits off."""
GOAL_MS = 20.0


def hashes(count: int) -> Iterator[str]:
    """Hex hashes: half of the 256 bits set, as the median makes them, with families of near ones."""
    random = np.random.default_rng(7)
    base = np.repeat([0, 1], 128)
    made = 0
    while made < count:
        bits = random.permutation(base)
        yield packed(bits)
        made += 1
        if made % FAMILY_EVERY == 1:
            for _ in range(min(FAMILY, count - made)):
                near = bits.copy()
                near[random.choice(256, random.integers(1, 41), replace=False)] ^= 1
                yield packed(near)
                made += 1


def packed(bits: np.ndarray) -> str:
    return np.packbits(bits.astype(np.uint8)).tobytes().hex()


def fill(count: int) -> list[str]:
    """Write `count` fingerprints and as many blocked pictures; hashes to ask for, one in LOOK_UPS of them.

    The indexes are made afterwards, which takes a tenth of the time.
    """
    from django.db import connection
    from django.utils import timezone

    from gallery.models import BlockedPicture
    from generation.models import Fingerprint
    from generation.models.fingerprints import chunks_of

    indexes = [(model, index) for model in (Fingerprint, BlockedPicture) for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    asked: list[str] = []
    now = timezone.now()

    def rows(hexes: Iterable[str]) -> Iterator[dict[str, Any]]:
        seen = set()
        for place, pdq in enumerate(hexes):
            if pdq not in seen:
                seen.add(pdq)
                yield {"pdq": pdq, **chunks_of(pdq)}
            if place % max(1, count // LOOK_UPS) == 0:
                asked.append(pdq)

    for batch in batched(rows(hashes(count))):
        kept = [Fingerprint(**row, sha256=row["pdq"], quality=100, made_at=now) for row in batch]
        Fingerprint.objects.bulk_create(kept)
        BlockedPicture.objects.bulk_create([BlockedPicture(**row) for row in batch])
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.add_index(model, index)
    return asked


def batched(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def timed(what: str, ask: Callable[[str], Any], asked: list[str]) -> dict[str, Any]:
    for pdq in asked[:20]:
        ask(pdq)
    took = []
    for pdq in asked:
        start = time.perf_counter()
        ask(pdq)
        took.append((time.perf_counter() - start) * 1000)
    p95 = float(np.percentile(took, 95))
    return {"what": f"{what}, p95", "value": p95, "unit": "ms", "goal": f"under {GOAL_MS:g}", "holds": p95 < GOAL_MS}


def main(count: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from gallery.models import BlockedPicture
    from generation.models import Fingerprint

    call_command("migrate", verbosity=0)
    asked = fill(count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    # Half of the questions are about pictures that were never here.
    asked = asked[::2] + list(hashes(len(asked) // 2))
    where = f"{connection.vendor}, {count:,} rows"
    rows = [
        timed(f"near-duplicates of a picture ({where})", lambda pdq: Fingerprint.objects.telling(20).near(pdq), asked),
        timed(f"block list ({where})", lambda pdq: BlockedPicture.objects.filter(is_active=True).near(pdq), asked),
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
