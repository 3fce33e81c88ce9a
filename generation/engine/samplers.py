"""Makes diffusers' schedulers by the rows of `recipes.sampling`, where a sampler is added."""

from __future__ import annotations

import copy
import functools
import inspect
import json
from collections.abc import Hashable, Mapping
from typing import Any

import diffusers
import torch
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from generation.recipes.sampling import SCHEDULE_SETTINGS, TABLE, check_sampling

Config = Mapping[str, Any]


class SteadyLCMScheduler(diffusers.LCMScheduler):
    """LCM whose step does not hang on torch's default dtype, which is float16 while a GPU's checkpoint is loaded.

    A whole timestep times a plain number takes that dtype, and its square overflows there.
    """

    def get_scalings_for_boundary_condition_discrete(self, timestep: Any) -> Any:
        return super().get_scalings_for_boundary_condition_discrete(timestep.to(torch.float32))


OURS: Mapping[str, type[Any]] = {"SteadyLCMScheduler": SteadyLCMScheduler}

# DDIM made from an Euler config would clip latents to +-1 by its own default and draw rubbish.
EVERY_ROW: Config = {"clip_sample": False, "thresholding": False}


def make_scheduler(sampler: str, schedule: str, steps: int, config: Config) -> SchedulerMixin:
    """A fresh scheduler with its timesteps set; `config` is the checkpoint's. Raises InvalidRecipe."""
    check_sampling(sampler, schedule, steps)
    scheduler = copy.deepcopy(_template(sampler, schedule, json.dumps(dict(config), sort_keys=True)))
    scheduler.set_timesteps(steps)
    return scheduler


@functools.lru_cache(maxsize=256)
def _template(sampler: str, schedule: str, config: str) -> Any:
    """Building a scheduler from its config takes 2 ms of checks, copying one far less: keep one of each kind."""
    changes = {**EVERY_ROW, **TABLE[sampler].settings, **SCHEDULE_SETTINGS[schedule]}
    return scheduler_class(sampler).from_config({**json.loads(config), **changes})


def scheduler_class(sampler: str) -> type[Any]:
    """Of the sampler's row: diffusers' class of that name, or one of ours."""
    name = TABLE[sampler].scheduler
    known: type[Any] = OURS.get(name) or getattr(diffusers, name)
    return known


def step_arguments(sampler: str) -> dict[str, Any]:
    """`eta` where the scheduler's `step` takes one; the caller adds its own generator where it takes one."""
    takes_eta = "eta" in step_parameters(scheduler_class(sampler).step)
    return {"eta": TABLE[sampler].eta} if takes_eta else {}


@functools.cache
def step_parameters(step: Hashable) -> frozenset[str]:
    """The names of the arguments that a scheduler's `step` function takes."""
    assert callable(step)
    return frozenset(inspect.signature(step).parameters)


def validate_table() -> None:
    """Build every sampler with every schedule it allows, so that a missing dependency shows at start, not in a job.

    With 100 timesteps instead of 1,000: DPM2 works through all of them in Python when it is made.
    """
    for sampler, row in TABLE.items():
        for schedule in row.schedules:
            make_scheduler(sampler, schedule, 4, {"num_train_timesteps": 100})
