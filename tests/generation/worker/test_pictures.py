"""Pictures that jobs start from, as the worker finds them: read, gone, or broken; and what becomes of the job then."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from accounts.credits import balance_of
from accounts.models import User
from generation.imaging import brought
from generation.jobs.pinning import picture_of
from generation.jobs.sources import bring_picture, delete_source
from generation.models import Job, SourcePicture
from generation.recipes.starting import Start
from generation.storage import files
from generation.worker.drawing import perform_ready_jobs
from generation.worker.process import WorkerProcess
from tests.generation.conftest import Draw, Queue


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def noise(size: tuple[int, int] = (128, 128), seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8))


def bring(user: User, picture: Image.Image) -> SourcePicture:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return bring_picture(user, ContentFile(data.getvalue(), "photo.png"))


def pixels_of(job: Job) -> np.ndarray:
    with default_storage.open(job.image.file) as file, Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def test_it_draws_from_what_was_brought_and_from_its_own(
    alice: User, queue: Queue, draw: Draw, worker: WorkerProcess
) -> None:
    source, made = bring(alice, noise()), draw(alice)
    starts = [Start(picture_of(alice, each.code), 0.5) for each in (source, made)]
    jobs = [queue(alice, start=each)[0] for each in starts]
    assert perform_ready_jobs() == 2
    assert {Job.objects.get(pk=job.pk).state for job in jobs} == {Job.State.DONE}


def test_what_the_mask_keeps_is_kept_to_the_bit(
    alice: User, queue: Queue, worker: WorkerProcess, settings: Any
) -> None:
    """In the kept file too, watermark and all."""
    settings.WATERMARK = True
    photo, mask = noise((512, 512)), Image.new("L", (512, 512))
    mask.paste(255, (100, 60, 400, 500))
    refs = [picture_of(alice, bring(alice, each).code) for each in (photo, mask.convert("RGB"))]
    start = Start(refs[0], 0.5, refs[1], area="masked", padding=8)
    (job,) = queue(alice, start=start, steps=2)
    perform_ready_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error_message
    pixels, outside = pixels_of(job), np.asarray(mask) == 0
    assert pixels.shape == (512, 512, 3) and (job.image.width, job.image.height) == (512, 512)
    assert np.array_equal(pixels[outside], np.asarray(photo)[outside])
    assert (pixels[~outside] != np.asarray(photo)[~outside]).any()


def spoil(source: SourcePicture, how: str) -> None:
    path = Path(settings.MEDIA_ROOT) / source.file
    if how == "deleted":
        delete_source(source)
    elif how == "file gone":
        files.discard(source.file)
    else:
        path.write_bytes(b"\x89PNG\r\n\x1a\nno picture")


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("deleted", "source-missing", "was deleted meanwhile"),
        ("file gone", "source-missing", "was deleted meanwhile"),
        ("damaged", "source-unreadable", "cannot be read any more"),
    ],
)
def test_a_picture_that_is_gone_fails_the_job_and_refunds_it(
    alice: User, queue: Queue, worker: WorkerProcess, how: str, code: str, words: str
) -> None:
    balance, source = balance_of(alice), bring(alice, noise())
    (job,) = queue(alice, start=Start(picture_of(alice, source.code)))
    spoil(source, how)
    perform_ready_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, code) and words in job.error_message
    assert balance_of(alice) == balance


def test_a_mask_that_only_its_pixels_show_to_be_empty_fails_the_job(
    alice: User, queue: Queue, draw: Draw, worker: WorkerProcess
) -> None:
    balance, source = balance_of(alice), bring(alice, noise())
    mask = bring(alice, Image.new("RGB", (128, 128)))
    SourcePicture.objects.update(is_blank=False)
    refs = [picture_of(alice, row.code) for row in (source, mask)]
    (job,) = queue(alice, start=Start(refs[0], mask=refs[1]))
    perform_ready_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "empty-mask")
    assert balance_of(alice) == balance
