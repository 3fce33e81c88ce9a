"""The worker's story with ControlNets, annotators and selections: drawn and charged, or failed and refunded."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image

from accounts.models import User
from generation.catalog.importing import import_folder
from generation.imaging.clicks import Click
from generation.imaging.infotext import read_infotext
from generation.jobs.pinning import picture_of
from generation.jobs.selecting import select_by_click, selection_of
from generation.jobs.sources import bring_picture, delete_source
from generation.models import GeneratedImage, Job
from generation.recipes.controls import ControlPick
from generation.tasks import select_by_click as the_task
from generation.worker import drawing
from generation.worker.process import WorkerProcess
from tests.conftest import credits_of
from tests.generation.conftest import Queue, add_worker
from tests.tiny_controls import made_for, tiny_depth_annotator, tiny_sam
from tests.tiny_weights import BUNDLED_CHECKPOINT, seeded


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ControlNet for the bundled checkpoint, and two annotators, as an operator lays them down."""
    folder = tmp_path_factory.mktemp("weights")
    with seeded(0):
        made_for(UNet2DConditionModel.from_pretrained(BUNDLED_CHECKPOINT / "unet")).save_pretrained(
            folder / "controlnets" / "edges"
        )
    shutil.copytree(tiny_depth_annotator(), folder / "annotators" / "far")
    shutil.copytree(tiny_sam(), folder / "annotators" / "sam")
    return folder


@pytest.fixture
def installed(catalog: Any, settings: Any, weights: Path) -> None:
    settings.WEIGHTS_DIRS = [weights, *settings.WEIGHTS_DIRS]
    assert {found.outcome for found in import_folder(weights)} == {"added"}


def brought(user: User, colour: tuple[int, int, int] = (200, 30, 30)) -> Any:
    image = Image.new("RGB", (128, 128), (230, 230, 230))
    image.paste(colour, (30, 30, 90, 90))
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return bring_picture(user, file)


def test_it_works(alice: User, queue: Queue, installed: None, worker: WorkerProcess) -> None:
    source = brought(alice)
    picture = picture_of(alice, source.code)
    picks = (ControlPick("edges", picture, preprocessor="canny"), ControlPick("edges", picture, preprocessor="far"))
    plain, *others = [queue(alice, controls=controls)[0] for controls in ((), picks[:1], picks[1:], picks)]
    assert [job.work > plain.work for job in others] == [True] * 3
    drawing.perform_ready_jobs()
    images = [GeneratedImage.objects.get(job=job) for job in (plain, *others)]
    assert len({image.sha256 for image in images}) == 4
    units = read_infotext(images[-1].infotext).fields
    assert units["ControlNet 0"].startswith("Module: canny, Model: edges [")
    assert units["ControlNet 1"].startswith("Module: far, ") and units["Control 1 image hash"] == source.sha256


def test_a_control_picture_that_is_gone_fails_and_is_refunded(
    alice: User, queue: Queue, installed: None, worker: WorkerProcess
) -> None:
    source, before = brought(alice), credits_of(alice)
    (job,) = queue(alice, controls=(ControlPick("edges", picture_of(alice, source.code)),))
    delete_source(source)
    drawing.perform_ready_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "source-missing")
    assert credits_of(alice) == before


def test_an_annotator_that_makes_nan_fails_the_job_and_is_refunded(
    alice: User, queue: Queue, installed: None, worker: WorkerProcess
) -> None:
    before = credits_of(alice)
    pick = ControlPick("edges", picture_of(alice, brought(alice).code), preprocessor="far")
    (job,) = queue(alice, controls=(pick,))
    with worker.renderer._checkpoints.lease_annotator(job.recipe.controls[0].annotator_sha256) as annotator:
        for weight in annotator.network.head.parameters():
            weight.fill_(torch.nan)
        drawing.perform_ready_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "annotator-not-finite")
    assert credits_of(alice) == before


def test_a_network_selects_in_the_worker(
    alice: User, installed: None, worker: WorkerProcess, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    add_worker()
    asked = select_by_click(alice, brought(alice).code, [Click(60, 60)])
    ((_, number),) = wakeups_sent
    assert asked.mask is None and the_task(number) == "selected"
    answered = selection_of(alice, asked.code)
    assert answered.is_network and answered.mask is not None
    assert np.asarray(Image.open(io.BytesIO(answered.mask))).shape == (128, 128)
    assert the_task(number) == "nothing to do" and the_task(1) == "nothing to do"


def test_a_network_that_is_gone_is_said(
    alice: User, installed: None, worker: WorkerProcess, wakeups_sent: list[tuple[Any, ...]], settings: Any
) -> None:
    add_worker()
    asked = select_by_click(alice, brought(alice).code, [Click(60, 60)])
    ((_, number),) = wakeups_sent
    settings.WEIGHTS_DIRS = settings.WEIGHTS_DIRS[1:]
    assert the_task(number) == "failed"
    answered = selection_of(alice, asked.code)
    assert not answered.is_network and "no longer where they were" in answered.note and answered.mask is not None
