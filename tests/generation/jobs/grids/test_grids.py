"""Grids of the lab: sibling jobs, one picture at the end, gaps, money, and the picture's row in the books."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.db import connection
from PIL import Image

from accounts.credits import hold
from accounts.models import User
from accounts.refusals import Conflict, NotEnoughCredits, Refusal
from gallery.publishing import publish_image
from generation.audit.checks import audit
from generation.imaging.reading import read_picture_metadata
from generation.jobs.grids.finishing import finish_grid, finish_ready_grids, is_last
from generation.jobs.grids.submission import cancel_grid, price_of, submit_grid
from generation.jobs.lifecycle import fail_job, finish_job
from generation.jobs.queueing import claim_next
from generation.jobs.upkeep import orphans
from generation.models import Checkpoint, GeneratedImage, Job, LabGrid
from generation.recipes.checks import InvalidRecipe
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.mixing import Mix
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.storage import files
from tests.conftest import credits_of

BASE = Recipe("a red apple", width=128, height=128, steps=4, seed=7)


def steps_and_seeds() -> GridPlan:
    return GridPlan(BASE, (Axis.read("steps", "4, 8, 12"), Axis.read("seed", "1-2")))


def draw_all(failing: int = -1) -> None:
    """Every queued job is drawn in one colour; the one at `failing` fails."""
    while job := claim_next("w"):
        if job.position == failing:
            fail_job(job, "no", "No.")
        else:
            finish_job(job, np.full((128, 128, 3), 40 * job.position, np.uint8), 0.1)


def test_cells_are_siblings_with_one_price(alice: User, catalog: Checkpoint) -> None:
    plan, before = steps_and_seeds(), credits_of(alice)
    grid = submit_grid(alice, plan)
    jobs = list(grid.jobs)
    assert [(job.recipe.steps, job.recipe.seed) for job in jobs] == [(s, n) for n in (1, 2) for s in (4, 8, 12)]
    assert before - credits_of(alice) == grid.credits == price_of(alice, plan) == sum(job.credits for job in jobs)
    assert not is_last(jobs[0])


def test_sixty_four_cells_take_few_queries(
    alice: User,
    catalog: Checkpoint,
    django_assert_max_num_queries: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    alice.plan.max_queued = alice.plan.max_grid_pictures = 64
    recipe = BASE.replace(prompt="a red apple <lora:line-art:0.7>")
    plan = GridPlan(recipe, (Axis.read("lora_weight", "0-0.7 [8]", "line-art"), Axis.read("seed", "1-8")))
    with django_assert_max_num_queries(60), django_capture_on_commit_callbacks(execute=True):
        grid = submit_grid(alice, plan)
    assert grid.jobs.count() == 64


def test_names_are_resolved_before_anything_is_locked(alice: User, catalog: Checkpoint) -> None:
    read: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        read.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(note):
        submit_grid(alice, steps_and_seeds())
    locked = next(place for place, sql in enumerate(read) if "queueshare" in sql)
    names = [place for place, sql in enumerate(read) if "_checkpoint" in sql or "_lora" in sql or "_embedding" in sql]
    assert names and max(names) < locked


def test_it_ends_as_one_picture_that_can_be_published(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, steps_and_seeds())
    draw_all()
    assert is_last(grid.jobs.order_by("pk")[0]) and finish_ready_grids() == 1 and finish_ready_grids() == 0
    grid.refresh_from_db()
    image = grid.image
    assert grid.state == "done" and image.job is None
    data = files.read(image.file)
    assert Image.open(io.BytesIO(data)).size == (image.width, image.height)
    read = read_picture_metadata(data)
    assert read.prompt == "a red apple" and read.get("Script") == "X/Y/Z plot" and read.get("X Values") == "4, 8, 12"
    assert publish_image(alice, image, "Steps").state == "pending"
    assert not [found for found in audit() if found.code != "broker-away"]
    assert list(orphans()) == []


def test_a_cell_whose_file_is_lost_keeps_no_other_grid_waiting(alice: User, catalog: Checkpoint) -> None:
    waiting, other = (submit_grid(alice, steps_and_seeds()) for _ in range(2))
    draw_all()
    name = waiting.jobs.order_by("pk")[0].image.file
    data = files.read(name)
    files.discard(name)
    assert finish_ready_grids() == 1
    assert GeneratedImage.objects.get(job=None).grid == other
    files.write(name, data)
    assert finish_ready_grids() == 1


def test_a_cell_that_failed_leaves_a_gap(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, steps_and_seeds())
    draw_all(failing=1)
    image = finish_grid(grid)
    assert image is not None
    picture = Image.open(io.BytesIO(files.read(image.file))).convert("RGB")
    colours = {colour for _, colour in picture.getcolors(100_000) or []}
    assert (241, 236, 228) in colours, "the gap"
    assert {(0, 0, 0), (80, 80, 80), (200, 200, 200)} <= colours and (40, 40, 40) not in colours


def test_cancelling_keeps_what_is_drawn(alice: User, catalog: Checkpoint) -> None:
    grid, before = submit_grid(alice, steps_and_seeds()), credits_of(alice)
    job = claim_next("w")
    assert job is not None
    finish_job(job, np.zeros((128, 128, 3), np.uint8), 0.1)
    assert cancel_grid(grid) == 5 and credits_of(alice) == before + grid.credits - job.credits
    with pytest.raises(Conflict):
        cancel_grid(grid)
    assert finish_grid(grid) is not None


def test_nothing_drawn_is_an_empty_grid(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, steps_and_seeds())
    cancel_grid(grid)
    assert finish_ready_grids() == 0
    assert LabGrid.objects.get().state == "empty" and not GeneratedImage.objects.exists()


def test_two_who_finish_make_one_picture(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, steps_and_seeds())
    draw_all()
    assert finish_grid(grid) is not None and finish_grid(grid) is None
    assert GeneratedImage.objects.filter(grid=grid).count() == 1


def test_a_mixture_pins_its_loras(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, GridPlan(BASE, mix=Mix(("fluent-3d", "line-art"), 3)))
    draw_all()
    image = finish_grid(grid)
    assert image is not None and len(image.recipe.loras) == 2
    assert all(pick.sha256 for pick in image.recipe.loras)
    assert [len(job.recipe.loras) for job in grid.jobs] == [1, 2, 1]


def test_limits_and_refusals_change_nothing(alice: User, catalog: Checkpoint) -> None:
    alice.plan.max_grid_pictures = 4
    with pytest.raises(Refusal, match="at most 4"):
        submit_grid(alice, steps_and_seeds())
    alice.plan.max_grid_pictures = 36
    with pytest.raises(Refusal, match="no LoRA"):
        submit_grid(alice, GridPlan(BASE, mix=Mix(("fluent-3d", "nothing"), 3)))
    with pytest.raises(InvalidRecipe, match="Steps must lie"):
        submit_grid(alice, GridPlan(BASE, (Axis.read("steps", "4, 400"),)))
    hold(alice, 990, reference="test:spent")
    with pytest.raises(NotEnoughCredits):
        submit_grid(alice, GridPlan(BASE.replace(width=1024, height=1024, steps=50), (Axis.read("seed", "1-36"),)))
    assert not Job.objects.exists() and not LabGrid.objects.exists()
