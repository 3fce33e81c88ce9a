"""`python -m tests.benchmarks._fingerprints_on ROWS`: fill the database that the settings name, look up, print JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tests.benchmarks._staged_rows import insert, stage, unhindered

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LOOK_UPS = 200
BLOCK, FAMILY, MOST_FLIPPED = 120, 20, 40
"""Of so many hashes the first has a family: variants beside it, each up to so many bits off."""
BITS, CHUNKS = 256, 16
GOAL_MS = 20.0


def hashes(count: int, seed: int = 7) -> Iterator[np.ndarray]:
    """Blocks of hashes, 32 bytes a row: half of the bits set, as the median makes them, with families of near ones."""
    random = np.random.default_rng(seed)
    for start in range(0, count, BLOCK):
        bits = random.random((min(BLOCK, count - start), BITS)).argsort(1) < BITS // 2
        family = bits[1 : FAMILY + 1]
        flipped = random.random(family.shape).argsort(1) < random.integers(1, MOST_FLIPPED + 1, (len(family), 1))
        family[:] = bits[0] ^ flipped
        yield np.packbits(bits, 1)


def staged(count: int, asked: list[str]) -> Iterator[list[Any]]:
    """Hex and chunks of each hash, none twice; one in LOOK_UPS is to be asked for."""
    seen, every, number = set(), max(1, count // LOOK_UPS), 0
    for block in hashes(count):
        chunks = block.view(">u2").astype(int) - 2**15
        for packed, values in zip(block, chunks.tolist(), strict=True):
            pdq = packed.tobytes().hex()
            if pdq not in seen:
                seen.add(pdq)
                yield [pdq, *values]
            if number % every == 0:
                asked.append(pdq)
            number += 1


def fill(count: int) -> list[str]:
    """Write `count` fingerprints and as many blocked pictures; hashes to ask for."""
    from django.utils import timezone

    from gallery.models import BlockedPicture
    from generation.models import Fingerprint
    from generation.models.fingerprints import chunks_of

    asked: list[str] = []
    names = ["pdq", *(f"chunk_{place}" for place in range(CHUNKS))]
    with unhindered(Fingerprint, BlockedPicture), without_indexes(Fingerprint, BlockedPicture):
        stage("staged", {name: "text" if name == "pdq" else "bigint" for name in names}, staged(count, asked))
        same = {name: name for name in names}
        insert(Fingerprint(quality=100, made_at=timezone.now()), {**same, "sha256": "pdq"}, "staged")
        insert(BlockedPicture(), same, "staged")
    row = Fingerprint.objects.get(pdq=asked[1])
    assert chunks_of(row.pdq) == {name: getattr(row, name) for name in names[1:]}
    return asked


@contextmanager
def without_indexes(*models: Any) -> Iterator[None]:
    """SQLite's are made after the rows, too."""
    from django.db import connection

    indexes = [(model, index) for model in models for index in model._meta.indexes if connection.vendor == "sqlite"]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.add_index(model, index)


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
    if connection.vendor == "postgresql":  # as it does by itself in time; SQLite never does
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    # Half of the questions are about pictures that were never here.
    strangers = [packed.tobytes().hex() for block in hashes(len(asked) // 2, seed=8) for packed in block]
    asked = asked[::2] + strangers
    where = f"{connection.vendor}, {count:,} rows"
    rows = [
        timed(f"near-duplicates of a picture ({where})", lambda pdq: Fingerprint.objects.telling(20).near(pdq), asked),
        timed(f"block list ({where})", lambda pdq: BlockedPicture.objects.filter(is_active=True).near(pdq), asked),
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
