"""The bundled catalog, and a machine whose books must agree after whatever was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import CreditEntry, Plan
from config.celery import app
from generation.audit.checks import audit
from generation.models import Checkpoint, GeneratedImage, Job
from generation.storage import files
from tests.faults.machine import Machine
from tests.generation.conftest import catalog, queue

__all__ = ["catalog", "queue"]


@pytest.fixture
def machine(transactional_db: None, catalog: Checkpoint, tmp_path: Path, settings: Any) -> Iterator[Machine]:
    app.control.purge()
    machine = Machine(tmp_path)
    settings.MEDIA_ROOT = tmp_path / "media"
    Plan.default()
    Plan.objects.update(max_queued=200, max_pictures=100, max_running=100, max_steps=150)
    try:
        yield machine
    finally:
        machine.stop()
    assert list(audit()) == []


def all_drawn_once(jobs: list[Job]) -> bool:
    """Every job is done with one image and one settle, and no file is there that no image uses."""
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    if rows.exclude(state=Job.State.DONE).exists():
        return False
    assert GeneratedImage.objects.filter(job__in=rows).count() == len(jobs)
    settles = CreditEntry.objects.filter(kind="settle", reference__in=[job.reference for job in jobs])
    assert settles.count() == len(jobs)
    # Somebody who came too late may be throwing its files away just now.
    return files_of(jobs) == used_by(jobs)


def files_of(jobs: list[Job]) -> set[str]:
    """What the storage holds for these jobs, whatever attempt wrote it."""
    codes = {job.code for job in jobs}
    return {name for _, names in files.folders() for name in names if files.code_in(name) in codes}


def used_by(jobs: list[Job]) -> set[str]:
    rows = GeneratedImage.objects.filter(job__in=jobs).values_list("file", "thumbnail")
    return {name for row in rows for name in row}


def running() -> int:
    return Job.objects.running().count()
