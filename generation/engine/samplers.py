"""The sampler table: A1111's names, each with the diffusers scheduler and settings that make it.

A sampler is one row; a noise schedule is one column of overrides. Which go together is `generation.sampling_names`.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from generation.recipes.sampling import SCHEDULES_BY_SAMPLER, check_sampling

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sampler:
    """One row: a scheduler class, what it changes in the checkpoint's scheduler config, and extra `step` arguments."""

    scheduler: type[Any]
    overrides: Config = field(default_factory=dict)
    eta: float = 0.0

    def step_arguments(self) -> dict[str, Any]:
        """`eta` where the scheduler takes one; the caller adds its own generator where it takes one."""
        return {"eta": self.eta} if "eta" in step_parameters(self.scheduler.step) else {}


class SteadyLCM(diffusers.LCMScheduler):
    """LCM whose step does not hang on torch's default dtype, which is float16 while a GPU's checkpoint is loaded.

    A whole timestep times a plain number takes that dtype, and its square overflows there.
    """

    def get_scalings_for_boundary_condition_discrete(self, timestep: Any) -> Any:
        return super().get_scalings_for_boundary_condition_discrete(timestep.to(torch.float32))


KARRAS = {"use_karras_sigmas": True}
MULTISTEP_SDE = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
SINGLESTEP_SDE = {**MULTISTEP_SDE, "lower_order_final": True}

TABLE: Mapping[str, Sampler] = {
    "Euler": Sampler(diffusers.EulerDiscreteScheduler),
    "Euler a": Sampler(diffusers.EulerAncestralDiscreteScheduler),
    "Heun": Sampler(diffusers.HeunDiscreteScheduler),
    "DPM2": Sampler(diffusers.KDPM2DiscreteScheduler),
    "DPM2 a": Sampler(diffusers.KDPM2AncestralDiscreteScheduler),
    "LMS": Sampler(diffusers.LMSDiscreteScheduler),
    "LMS Karras": Sampler(diffusers.LMSDiscreteScheduler, KARRAS),
    "DPM++ 2M": Sampler(diffusers.DPMSolverMultistepScheduler),
    "DPM++ 2M Karras": Sampler(diffusers.DPMSolverMultistepScheduler, KARRAS),
    "DPM++ SDE": Sampler(diffusers.DPMSolverSinglestepScheduler, SINGLESTEP_SDE),
    "DPM++ SDE Karras": Sampler(diffusers.DPMSolverSinglestepScheduler, {**SINGLESTEP_SDE, **KARRAS}),
    "DPM++ 2M SDE": Sampler(diffusers.DPMSolverMultistepScheduler, MULTISTEP_SDE),
    "DPM++ 2M SDE Karras": Sampler(diffusers.DPMSolverMultistepScheduler, {**MULTISTEP_SDE, **KARRAS}),
    "DDIM": Sampler(diffusers.DDIMScheduler),
    "PLMS": Sampler(diffusers.PNDMScheduler, {"skip_prk_steps": True}),
    "UniPC": Sampler(diffusers.UniPCMultistepScheduler),
    "DEIS": Sampler(diffusers.DEISMultistepScheduler),
    "LCM": Sampler(SteadyLCM),
    "TCD": Sampler(diffusers.TCDScheduler, eta=0.3),
}

# "Normal" spaces steps evenly over all timesteps and "SGM Uniform" leaves out the last point, as A1111 does.
SCHEDULES: Mapping[str, Config] = {
    "Automatic": {},
    "Normal": {"timestep_spacing": "linspace"},
    "Karras": KARRAS,
    "Exponential": {"use_exponential_sigmas": True},
    "SGM Uniform": {"timestep_spacing": "trailing"},
    "Beta": {"use_beta_sigmas": True},
}

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
    row = TABLE[sampler]
    return row.scheduler.from_config({**json.loads(config), **EVERY_ROW, **row.overrides, **SCHEDULES[schedule]})


@functools.cache
def step_parameters(step: Hashable) -> frozenset[str]:
    """The names of the arguments that a scheduler's `step` function takes."""
    assert callable(step)
    return frozenset(inspect.signature(step).parameters)


def validate_table() -> None:
    """Build every sampler with every schedule it allows, so that a missing dependency shows at start, not in a job.

    With 100 timesteps instead of 1,000: DPM2 works through all of them in Python when it is made.
    """
    for sampler, schedules in SCHEDULES_BY_SAMPLER.items():
        for schedule in schedules:
            make_scheduler(sampler, schedule, 4, {"num_train_timesteps": 100})
