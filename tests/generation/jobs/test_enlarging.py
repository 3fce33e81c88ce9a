"""Upscales and second passes on their way to jobs: pinned, priced, bounded by the plan, refused to others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from generation.catalog.importing import import_folder
from generation.jobs.enlarging import enlarging, upscalers_for
from generation.jobs.submission import submit_jobs
from generation.models import GeneratedImage, Job, Upscaler
from generation.recipes.enlarging import Hires
from generation.recipes.picture import Recipe
from generation.recipes.pricing import price
from tests.conftest import credits_of
from tests.tiny_upscalers import RRDB, tensors_of, write

Draw = Callable[..., GeneratedImage]


@pytest.fixture
def network(tmp_path: Path) -> Upscaler:
    write(tmp_path / "upscalers" / "2x-net.safetensors", tensors_of(RRDB))
    (outcome,) = import_folder(tmp_path)
    assert outcome.outcome == "added"
    return Upscaler.objects.get()


def test_a_network_comes_into_the_catalog(alice: User, network: Upscaler) -> None:
    assert (network.scale, network.family) == (2, "")
    assert upscalers_for(alice) == ["Lanczos", network.name]


def test_an_upscale_keeps_what_its_picture_was_drawn_with(alice: User, draw: Draw) -> None:
    image = draw(alice)
    recipe = enlarging(alice, image.code, 2)
    assert recipe.prompt == image.recipe.prompt and recipe.pictures[0].sha256 == image.sha256
    (job,) = submit_jobs(alice, recipe)
    assert job.credits == price(job.recipe) and job.checkpoint_sha256 == ""


def test_its_network_is_pinned(alice: User, draw: Draw, network: Upscaler) -> None:
    (job,) = submit_jobs(alice, enlarging(alice, draw(alice).code, 2, network.name))
    assert job.recipe.enlarge is not None and job.recipe.enlarge.upscaler_sha256 == network.sha256


def test_somebody_elses_picture_is_not_there(alice: User, charlie: User, draw: Draw) -> None:
    with pytest.raises(NotFound):
        enlarging(charlie, draw(alice).code, 2)


def test_an_upscale_beyond_the_plan_is_refused_and_costs_nothing(alice: User, draw: Draw) -> None:
    image, before = draw(alice), credits_of(alice)
    alice.plan.max_result_pixels = 128 * 128
    with pytest.raises(Refusal) as refused:
        submit_jobs(alice, enlarging(alice, image.code, 2))
    assert refused.value.code == "result-too-large"
    assert credits_of(alice) == before and Job.objects.count() == 1


@pytest.mark.parametrize(
    ("hires", "code"),
    [(Hires(upscaler="gone"), "unknown-upscaler"), (Hires(scale=2), "result-too-large")],
)
def test_what_is_not_made_is_refused_and_costs_nothing(alice: User, catalog: Any, hires: Hires, code: str) -> None:
    alice.plan.max_result_pixels = 128 * 128 if code == "result-too-large" else 4096 * 4096
    with pytest.raises(Refusal) as refused:
        submit_jobs(alice, Recipe("a cat", width=128, height=128, hires=hires))
    assert refused.value.code == code
    assert credits_of(alice) == 1000 and not Job.objects.exists()
