"""The sampler table: every row and schedule against diffusers' own pipeline, and the names that doors know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from generation.engine.renderer import Renderer
from generation.engine.samplers import make_scheduler, scheduler_class, step_parameters, validate_table
from generation.engine.schedulers import OURS
from generation.recipes.checks import InvalidRecipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES, TABLE, check_sampling
from tests.renders import allow_numpy_copies, draw, draw_by_pipeline, every_weight, recipe

pytestmark = allow_numpy_copies

DEAR = ("DPM2", "DPM2 a")
"""Made in half a second, for every schedule anew."""
EVERY_PAIR = [
    pytest.param(sampler, schedule, marks=[pytest.mark.slow] if sampler in DEAR and schedule != "Automatic" else [])
    for sampler, row in TABLE.items()
    for schedule in row.schedules
]
EPSILON = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(every_weight(), device="cpu", threads=1)
    yield made
    made.close()


def test_every_row_names_a_scheduler_and_schedules_that_there_are() -> None:
    for name, row in TABLE.items():
        assert issubclass(scheduler_class(name), SchedulerMixin)
        assert row.schedules[0] == "Automatic" and set(row.schedules) <= set(SCHEDULES)
    assert set(OURS) <= {row.scheduler for row in TABLE.values()}


def test_the_table_is_valid_at_start() -> None:
    validate_table()


@pytest.mark.parametrize(("sampler", "schedule"), EVERY_PAIR)
def test_every_sampler_and_schedule_equals_the_pipeline_to_the_bit(
    renderer: Renderer, sampler: str, schedule: str
) -> None:
    wanted = recipe(sampler=sampler, schedule=schedule, steps=4)
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_takes_a_single_step_of_a_v_prediction_checkpoint(renderer: Renderer, sampler: str) -> None:
    wanted = recipe("sd2", sampler=sampler, steps=1)
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_sampler_clips_latents(sampler: str) -> None:
    """DDIM made from another sampler's config would, by its own default."""
    scheduler = make_scheduler(sampler, "Automatic", 4, EPSILON)
    assert not scheduler.config.get("clip_sample", False)
    assert not scheduler.config.get("thresholding", False)


def test_schedulers_are_never_shared() -> None:
    first, second = (make_scheduler("DPM++ 2M", "Karras", 4, EPSILON) for _ in range(2))
    noise = torch.ones(1, 4, 8, 8)
    first.step(noise, first.timesteps[0], noise)
    assert first.step_index == 1 and second.step_index is None
    assert second.model_outputs == [None, None]


@pytest.mark.parametrize(
    ("sampler", "schedule", "steps", "field"),
    [
        ("Euler b", "Automatic", 4, "sampler"),
        ("DDIM", "Karras", 4, "schedule"),
        ("DPM++ 2M Karras", "Exponential", 4, "schedule"),
        ("Euler", "Cosy", 4, "schedule"),
        ("LCM", "Automatic", 51, "steps"),
    ],
)
def test_what_cannot_be_sampled_is_the_recipes_fault(
    renderer: Renderer, sampler: str, schedule: str, steps: int, field: str
) -> None:
    with pytest.raises(InvalidRecipe) as caught:
        check_sampling(sampler, schedule, steps)
    assert caught.value.field == field
    with pytest.raises(InvalidRecipe):
        draw(renderer, recipe(sampler=sampler, schedule=schedule, steps=steps))


@pytest.mark.parametrize("sampler", [name for name, row in TABLE.items() if row.most_steps])
def test_distilled_samplers_take_the_steps_they_name(sampler: str) -> None:
    steps = TABLE[sampler].most_steps
    assert steps and len(make_scheduler(sampler, "Automatic", steps, EPSILON).timesteps) == steps


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in DEAR])
def test_a_step_does_not_hang_on_torchs_default_dtype(sampler: str) -> None:
    """The libraries' loaders change it for the whole process while they make a network for a GPU."""
    low, usual = (stepped(sampler, default) for default in (torch.float16, torch.float32))
    assert low.dtype == torch.float32 and torch.equal(low, usual)


def stepped(sampler: str, default: torch.dtype) -> torch.Tensor:
    """Noise after two steps that were taken under a default dtype."""
    scheduler = make_scheduler(sampler, "Automatic", 4, EPSILON)
    latents = torch.ones(1, 4, 4, 4)
    draws = "generator" in step_parameters(type(scheduler).step)
    given = {"generator": torch.Generator().manual_seed(0)} if draws else {}
    torch.set_default_dtype(default)
    try:
        for timestep in scheduler.timesteps[:2]:
            prediction = scheduler.scale_model_input(latents, timestep) * 0.5
            latents = scheduler.step(prediction, timestep, latents, return_dict=False, **given)[0]
    finally:
        torch.set_default_dtype(torch.float32)
    return latents
