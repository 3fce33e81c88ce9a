"""Makes diffusers' schedulers by the rows of `recipes.sampling`, where a sampler is added.

Under “Automatic” they go as the checkpoint's config says; else along the noise levels of `schedules`.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
from collections.abc import Hashable, Mapping
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from torch import Tensor

from generation.engine.schedulers import OURS, GivenSigmas, PLMSScheduler
from generation.engine.schedules import TrainingNoise, sigmas_of
from generation.recipes.sampling import AUTOMATIC, TABLE, check_sampling

Config = Mapping[str, Any]

# DDIM made from an Euler config would clip latents to +-1 by its own default and draw rubbish.
EVERY_ROW: Config = {"clip_sample": False, "thresholding": False}

FLAGS: Mapping[str, str] = {
    "use_karras_sigmas": "Karras",
    "use_exponential_sigmas": "Exponential",
    "use_beta_sigmas": "Beta",
}
"""Where a checkpoint's config asks for a schedule type; diffusers takes it differently from class to class."""

LMS_ORDER = 4

# A schedule type ends at 0, and starts from as much noise as its first level says.
ALONG: Config = {"timestep_spacing": "linspace", "final_sigmas_type": "zero", "lower_order_final": True}


def make_scheduler(sampler: str, schedule: str, steps: int, config: Config) -> SchedulerMixin:
    """A fresh scheduler with its timesteps set; `config` is the checkpoint's. Raises InvalidRecipe."""
    check_sampling(sampler, schedule, steps)
    followed = schedule_followed(sampler, schedule, config)
    scheduler = copy.deepcopy(_template(sampler, followed != AUTOMATIC, json.dumps(dict(config), sort_keys=True)))
    if followed == AUTOMATIC:
        scheduler.set_timesteps(steps)
    else:
        _walk(scheduler, followed, steps, TABLE[sampler].skips_one)
    if hasattr(scheduler, "set_begin_index"):
        # Else a timestep that occurs twice would make it begin at the second.
        scheduler.set_begin_index(0)
    return scheduler


def schedule_followed(sampler: str, schedule: str, config: Config) -> str:
    """What a recipe's schedule type is for this checkpoint; Automatic only where the scheduler itself has to know."""
    row = TABLE[sampler]
    if schedule != AUTOMATIC:
        return schedule
    told = [row.named, *(name for flag, name in FLAGS.items() if config.get(flag))]
    if known := [name for name in told if name in row.schedules]:
        return known[0]
    return AUTOMATIC if "timestep_spacing" in config else row.automatic


def _walk(scheduler: Any, schedule: str, steps: int, skips_one: bool) -> None:
    """Set a scheduler's timesteps and sigmas along a schedule type."""
    noise = TrainingNoise(scheduler.alphas_cumprod)
    sigmas = sigmas_of(schedule, steps + skips_one, noise)[:steps]
    timesteps = noise.timesteps_at(sigmas)
    lays_out_halves = isinstance(scheduler, GivenSigmas)
    if lays_out_halves:
        scheduler.given = sigmas
    scheduler.set_timesteps(steps)
    if lays_out_halves:
        scheduler.timesteps = scheduler.timesteps.to(torch.float32)
        return
    if isinstance(scheduler, PLMSScheduler):
        scheduler.follow([round(timestep) for timestep in timesteps])
        return
    scheduler.sigmas = torch.from_numpy(np.append(sigmas, 0).astype(np.float32))
    scheduler.timesteps = torch.from_numpy(timesteps.astype(np.float32))


@functools.lru_cache(maxsize=256)
def _template(sampler: str, along: bool, config: str) -> Any:
    """Building a scheduler from its config takes 2 ms of checks, copying one far less: keep one of each kind."""
    row, kind, said = TABLE[sampler], scheduler_class(sampler, along=along), json.loads(config)
    taken = step_parameters(kind.__init__)
    changes = {**EVERY_ROW, **row.settings}
    if along:
        changes |= {**ALONG, **dict.fromkeys(FLAGS, False), "use_exponential_sigmas": issubclass(kind, GivenSigmas)}
    if said.get("rescale_betas_zero_snr") and "rescale_betas_zero_snr" not in taken:
        changes["trained_betas"] = _betas_to_zero_snr(said)
    return kind.from_config({**said, **changes})


def _betas_to_zero_snr(config: Config) -> list[float]:
    """The betas of a checkpoint with zero terminal SNR, for schedulers that do not compute them (Lin et al. 2024)."""
    alphas = diffusers.EulerDiscreteScheduler.from_config(dict(config)).alphas_cumprod.double()
    before = torch.cat([torch.ones(1, dtype=alphas.dtype), alphas[:-1]])
    betas: list[float] = (1 - alphas / before).tolist()
    return betas


def scheduler_class(sampler: str, *, along: bool = False) -> type[Any]:
    """Of the sampler's row: diffusers' class of that name, or ours; `along` a schedule type it may be another."""
    row = TABLE[sampler]
    name = row.along if along and row.along else row.scheduler
    known: type[Any] = OURS.get(name) or getattr(diffusers, name)
    return known


def timesteps_from(scheduler: Any, skipped: int) -> Tensor:
    """The timesteps (n,) of the UNet's calls when so many steps are left out; the scheduler begins with the first."""
    if isinstance(scheduler, PLMSScheduler):
        scheduler.leave_out(skipped)
        return scheduler.timesteps
    first = skipped * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    timesteps: Tensor = scheduler.timesteps[first:]
    return timesteps


def step_arguments(sampler: str, step: Hashable) -> dict[str, Any]:
    """`eta` where a scheduler's `step` takes one; the caller adds its own generator where it takes one."""
    return {"eta": TABLE[sampler].eta} if "eta" in step_parameters(step) else {}


def order_at(call: int, step: Hashable) -> dict[str, int]:
    """LMS looks back over at most four calls, also where it begins late; diffusers' takes those before as done."""
    return {"order": min(call + 1, LMS_ORDER)} if "order" in step_parameters(step) else {}


@functools.cache
def step_parameters(step: Hashable) -> frozenset[str]:
    """The names of the arguments that a function takes, such as a scheduler's `step`."""
    assert callable(step)
    return frozenset(inspect.signature(step).parameters)


def validate_table() -> None:
    """Build every sampler with every schedule it allows, so that a missing dependency shows at start, not in a job.

    With 100 timesteps instead of 1,000: DPM2 works through all of them in Python when it is made.
    """
    for sampler, row in TABLE.items():
        for schedule in row.schedules:
            make_scheduler(sampler, schedule, 4, {"num_train_timesteps": 100})
