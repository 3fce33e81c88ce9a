"""The names of samplers and noise schedules, and which go together: for doors, which must not import torch.

What each name does is the engine's table (`generation.engine.samplers`); a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping

from generation.recipes.checks import InvalidRecipe

SCHEDULES = ("Automatic", "Normal", "Karras", "Exponential", "SGM Uniform", "Beta")

_SPACINGS = ("Automatic", "Normal", "SGM Uniform")
_NAMED_KARRAS = ("Automatic", "Karras")

SCHEDULES_BY_SAMPLER: Mapping[str, tuple[str, ...]] = {
    "Euler": SCHEDULES,
    "Euler a": _SPACINGS,
    "Heun": SCHEDULES,
    "DPM2": SCHEDULES,
    "DPM2 a": SCHEDULES,
    "LMS": SCHEDULES,
    "LMS Karras": _NAMED_KARRAS,
    "DPM++ 2M": SCHEDULES,
    "DPM++ 2M Karras": _NAMED_KARRAS,
    "DPM++ SDE": SCHEDULES,
    "DPM++ SDE Karras": _NAMED_KARRAS,
    "DPM++ 2M SDE": SCHEDULES,
    "DPM++ 2M SDE Karras": _NAMED_KARRAS,
    "DDIM": _SPACINGS,
    "PLMS": _SPACINGS,
    "UniPC": SCHEDULES,
    "DEIS": SCHEDULES,
    "LCM": ("Automatic",),
    "TCD": ("Automatic",),
}

SAMPLERS = tuple(SCHEDULES_BY_SAMPLER)

SECOND_ORDER = ("Heun", "DPM2", "DPM2 a")
"""Samplers that look twice at every step but the last."""

MOST_STEPS: Mapping[str, int] = {"LCM": 50, "TCD": 50}
"""Distilled samplers walk a subset of the 50 timesteps that they were distilled on."""


def check_sampling(sampler: str, schedule: str, steps: int) -> None:
    """Raise InvalidRecipe when the sampler is unknown, cannot follow this schedule, or takes fewer steps than these."""
    if sampler not in SCHEDULES_BY_SAMPLER:
        raise InvalidRecipe("sampler", f"There is no sampler “{sampler}”. Choose one of: {', '.join(SAMPLERS)}.")
    allowed = SCHEDULES_BY_SAMPLER[sampler]
    if schedule not in allowed:
        raise InvalidRecipe(
            "schedule", f"{sampler} cannot follow the schedule “{schedule}”; it takes {', '.join(allowed)}."
        )
    if steps > MOST_STEPS.get(sampler, steps):
        raise InvalidRecipe("steps", f"{sampler} takes at most {MOST_STEPS[sampler]} steps.")


def schedule_length(sampler: str, steps: int) -> int:
    """The calls over which schedules within prompts are laid: A1111 counts two for a step of a second-order sampler.

    That is nearly, not quite, `calls_of`: the last step of those samplers looks once, PLMS looks twice at its first.
    """
    return 2 * steps if sampler in SECOND_ORDER else steps


def calls_of(sampler: str, steps: int) -> int:
    """How often the UNet is called for `steps` steps."""
    if sampler in SECOND_ORDER:
        return 2 * steps - 1
    return steps + 1 if sampler == "PLMS" and steps > 1 else steps
