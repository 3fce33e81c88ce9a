"""The bundled catalog, and pictures that went the true road from submission to file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import pytest
from django.conf import settings
from django.db.models.functions import Now
from PIL import Image

from accounts.models import User
from generation.catalog import importing
from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, GeneratedImage, GpuWorker, Job
from generation.recipes.picture import Recipe
from generation.weightfiles.classify import read_weightfile
from generation.worker import process
from generation.worker.process import WorkerProcess

Draw = Callable[..., GeneratedImage]
Queue = Callable[..., list[Job]]


def without_signature(data: bytes) -> tuple[Any, ...]:
    """A picture file as far as it does not differ from one writing to the next: its pixels and its texts."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size, picture.convert("RGBA").tobytes(), picture.info


# The bundled files are hashed once and not for each of the thousand tests that want them.
read_once = cache(read_weightfile)


def import_bundled() -> set[str]:
    """Register the bundled checkpoint and its LoRAs; what became of them."""
    with mock.patch.object(importing, "read_weightfile", read_once):
        return {found.outcome for found in importing.import_folder(settings.WEIGHTS_DIRS[-1])}


@pytest.fixture
def catalog(db: None) -> Checkpoint:
    """The bundled checkpoint and its LoRAs, registered from their files."""
    assert import_bundled() == {"added"}
    return Checkpoint.objects.get(name="emoji-diffusion")


@pytest.fixture
def queue(catalog: Checkpoint) -> Callable[..., list[Job]]:
    """Queue pictures for somebody, as the page does."""

    def submit(user: User, prompt: str = "a red apple", count: int = 1, **fields: Any) -> list[Job]:
        recipe = Recipe(**{"prompt": prompt, "width": 128, "height": 128, "steps": 4, "seed": 7, **fields})
        return submit_jobs(user, recipe, count)

    return submit


def add_worker(name: str = "w", **fields: object) -> GpuWorker:
    """A living worker that reaches every checkpoint there is."""
    reached = list(Checkpoint.objects.values_list("sha256", flat=True))
    return GpuWorker.objects.create(**{"name": name, "checkpoints": reached, "seen_at": Now(), **fields})


def draw_next(worker: str = "test-worker") -> GeneratedImage | None:
    """Draw the next job of the queue by the verbs of a worker; only the pixels are made up. None where none waits."""
    job = claim_next(worker)
    if job is None:
        return None
    width, height = job.recipe.size
    pixels = np.random.default_rng(job.pk).integers(0, 255, (height, width, 3), np.uint8)
    image = finish_job(job, pixels, 0.1)
    assert image is not None
    return image


@pytest.fixture
def draw(queue: Callable[..., list[Job]]) -> Draw:
    """A finished picture of somebody; only the pixels are made up."""

    def finished(user: User, prompt: str = "a red apple", **fields: object) -> GeneratedImage:
        queue(user, prompt, **fields)
        image = draw_next()
        assert image is not None
        return image

    return finished


@pytest.fixture
def worker(db: None) -> Iterator[WorkerProcess]:
    """This process as a worker; its heart does not beat by itself."""
    process.this_worker.cache_clear()
    worker = process.this_worker()
    yield worker
    worker.renderer.close()
    process.this_worker.cache_clear()
