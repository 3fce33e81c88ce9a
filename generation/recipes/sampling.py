"""The table of samplers and of noise schedules: A1111's names, one row each, with the diffusers scheduler behind it.

Values and names alone, since doors read it and must not import torch: `engine.samplers` makes schedulers by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.recipes.checks import InvalidRecipe

Settings = Mapping[str, str | int | bool]
"""What a scheduler's config is changed by, in diffusers' words."""

AUTOMATIC, NORMAL, SGM_UNIFORM, KARRAS = "Automatic", "Normal", "SGM Uniform", "Karras"
SCHEDULES = (AUTOMATIC, NORMAL, KARRAS, "Exponential", SGM_UNIFORM, "Beta")
"""What each but Automatic is, `engine.schedules` computes; Automatic is the checkpoint's, else the sampler's own."""

SPACINGS = (AUTOMATIC, NORMAL, SGM_UNIFORM)


@dataclass(frozen=True, slots=True)
class Sampler:
    """One row: the name of a scheduler class, what it changes in the checkpoint's scheduler config, and how it is used.

    `schedules` are those it can follow. `automatic` is the one that Automatic means where a checkpoint's config does
    not space the steps; “Automatic” leaves that to the scheduler. `named` stands in the sampler's own name.
    A `second_order` sampler calls the UNet twice at every step but the last, one that `begins_twice` at its first.
    One that `skips_one` leaves out the last noise level but one, as A1111's does. `most_steps` is a distilled
    sampler's: it walks a subset of the timesteps that it was distilled on. `eta` is how much noise a step adds, for
    schedulers that take it. `along` is the scheduler that takes over along a schedule type.
    """

    scheduler: str
    settings: Settings = field(default_factory=dict)
    schedules: tuple[str, ...] = SCHEDULES
    automatic: str = NORMAL
    named: str = ""
    second_order: bool = False
    begins_twice: bool = False
    skips_one: bool = False
    most_steps: int | None = None
    eta: float = 0.0
    along: str = ""


_MULTISTEP_SDE: Settings = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
_SINGLESTEP_SDE: Settings = {**_MULTISTEP_SDE, "lower_order_final": True}
_MULTISTEP, _SINGLESTEP, _LMS = "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "LMSDiscreteScheduler"


def _karras(scheduler: str, settings: Settings | None = None) -> Sampler:
    """A row of its own for the samplers that A1111 long had under two names."""
    return Sampler(scheduler, settings or {}, schedules=(AUTOMATIC, KARRAS), named=KARRAS)


def _own(scheduler: str, settings: Settings | None = None, **more: Any) -> Sampler:
    """One whose scheduler knows its own timesteps."""
    return Sampler(scheduler, settings or {}, automatic=AUTOMATIC, **more)


TABLE: Mapping[str, Sampler] = {
    "Euler": Sampler("EulerDiscreteScheduler"),
    "Euler a": Sampler("EulerAncestralDiscreteScheduler"),
    "Heun": Sampler("HeunScheduler", second_order=True),
    "DPM2": Sampler("DPM2Scheduler", second_order=True, skips_one=True),
    "DPM2 a": Sampler("DPM2AncestralScheduler", second_order=True, skips_one=True),
    "LMS": Sampler(_LMS),
    "LMS Karras": _karras(_LMS),
    "DPM++ 2M": Sampler(_MULTISTEP),
    "DPM++ 2M Karras": _karras(_MULTISTEP),
    "DPM++ SDE": Sampler(_SINGLESTEP, _SINGLESTEP_SDE),
    "DPM++ SDE Karras": _karras(_SINGLESTEP, _SINGLESTEP_SDE),
    "DPM++ 2M SDE": Sampler(_MULTISTEP, _MULTISTEP_SDE),
    "DPM++ 2M SDE Karras": _karras(_MULTISTEP, _MULTISTEP_SDE),
    # Without noise of its own DDIM is Euler's method; diffusers' goes down by one number of timesteps throughout.
    "DDIM": _own("DDIMScheduler", schedules=SPACINGS, along="EulerDiscreteScheduler"),
    "PLMS": _own("PLMSScheduler", {"skip_prk_steps": True}, schedules=SPACINGS, begins_twice=True),
    "UniPC": Sampler("UniPCMultistepScheduler"),
    "DEIS": Sampler("DEISScheduler"),
    "LCM": _own("SteadyLCMScheduler", schedules=(AUTOMATIC,), most_steps=50),
    "TCD": _own("TCDScheduler", schedules=(AUTOMATIC,), most_steps=50, eta=0.3),
}
SAMPLERS = tuple(TABLE)
SECOND_ORDER = frozenset(name for name, row in TABLE.items() if row.second_order)
BEGIN_TWICE = frozenset(name for name, row in TABLE.items() if row.begins_twice)


def check_sampling(sampler: str, schedule: str, steps: int) -> None:
    """Raise InvalidRecipe when the sampler is unknown, cannot follow this schedule, or takes fewer steps than these."""
    row = TABLE.get(sampler)
    if row is None:
        raise InvalidRecipe("sampler", f"There is no sampler “{sampler}”. Choose one of: {', '.join(SAMPLERS)}.")
    if schedule not in row.schedules:
        raise InvalidRecipe(
            "schedule", f"{sampler} cannot follow the schedule “{schedule}”; it takes {', '.join(row.schedules)}."
        )
    if row.most_steps is not None and steps > row.most_steps:
        raise InvalidRecipe("steps", f"{sampler} takes at most {row.most_steps} steps.")


def schedule_length(sampler: str, steps: int) -> int:
    """The calls over which schedules within prompts are laid: A1111 counts two for a step of a second-order sampler.

    That is nearly, not quite, `calls_of`: the last step of those samplers looks once, PLMS looks twice at its first.
    """
    return 2 * steps if sampler in SECOND_ORDER else steps


def calls_of(sampler: str, steps: int) -> int:
    """How often the UNet is called for `steps` steps."""
    if sampler in SECOND_ORDER:
        return 2 * steps - 1
    return steps + 1 if sampler in BEGIN_TWICE and steps > 1 else steps
