"""Schedulers of diffusers that need a change: to walk along noise levels that they are given, or to be steady.

Those that walk along any levels as they are need no class here: `samplers` gives them theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import diffusers
import torch
from torch import Tensor

from generation.engine.schedules import Floats


class GivenSigmas:
    """Puts given sigmas where diffusers computes exponential ones, so that it lays out the two halves of each step."""

    given: Floats | None = None

    def _convert_to_exponential(self, in_sigmas: Any, num_inference_steps: int) -> Any:
        if self.given is None:  # while it is made
            return super()._convert_to_exponential(in_sigmas, num_inference_steps)  # type: ignore[misc]
        return self.given


class HeunScheduler(GivenSigmas, diffusers.HeunDiscreteScheduler):
    """Heun's method along given sigmas."""


class DPM2Scheduler(GivenSigmas, diffusers.KDPM2DiscreteScheduler):
    """DPM-Solver-2 along given sigmas."""


class DPM2AncestralScheduler(GivenSigmas, diffusers.KDPM2AncestralDiscreteScheduler):
    """DPM-Solver-2 with ancestral noise along given sigmas."""


class PLMSScheduler(diffusers.PNDMScheduler):
    """PLMS from each given timestep to the next, where diffusers' goes down by one number whatever comes next."""

    given: tuple[int, ...] = ()

    def follow(self, timesteps: Sequence[int]) -> None:
        """Walk along falling timesteps; the first step is walked twice."""
        self.given = tuple(timesteps)
        self.timesteps = torch.tensor([*timesteps[:1], *timesteps[1:2], *timesteps[1:]])

    def leave_out(self, steps: int) -> None:
        """Begin later by so many steps; the first of the rest is walked twice."""
        if steps:
            rest = torch.cat([self.timesteps[:1], self.timesteps[2:]])[steps:]
            self.timesteps = torch.cat([rest[:1], rest[1:2], rest[1:]])
            self.given = self.given[steps:]

    def _get_prev_sample(self, sample: Tensor, timestep: Any, prev_timestep: Any, model_output: Tensor) -> Tensor:
        if self.given:
            place = max(self.counter - 1, 0)
            timestep, prev_timestep = (*self.given, -1)[place : place + 2]
        stepped: Tensor = super()._get_prev_sample(sample, timestep, prev_timestep, model_output)
        return stepped


class DEISScheduler(diffusers.DEISMultistepScheduler):
    """DEIS whose last step may take all noise away: its formulas hold for a rest of noise only."""

    def step(self, model_output: Tensor, timestep: Any, sample: Tensor, return_dict: bool = True) -> Any:
        """From prediction and latents (1, C, h, w) to the latents (1, C, h, w) of the next noise level."""
        if self.step_index is None:
            self._init_step_index(timestep)
        if self.sigmas[self.step_index + 1] > 0:
            return super().step(model_output, timestep, sample, return_dict)
        signal, sigma = self._sigma_to_alpha_sigma_t(self.sigmas[self.step_index])
        clean = (sample - sigma * self.convert_model_output(model_output, sample=sample)) / signal
        self._step_index += 1
        return diffusers.schedulers.scheduling_utils.SchedulerOutput(clean) if return_dict else (clean,)


class SteadyLCMScheduler(diffusers.LCMScheduler):
    """LCM whose step does not hang on torch's default dtype, which is float16 while a GPU's checkpoint is loaded.

    A whole timestep times a plain number takes that dtype, and its square overflows there.
    """

    def get_scalings_for_boundary_condition_discrete(self, timestep: Any) -> Any:
        return super().get_scalings_for_boundary_condition_discrete(timestep.to(torch.float32))


OURS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        HeunScheduler, DPM2Scheduler, DPM2AncestralScheduler, PLMSScheduler, DEISScheduler, SteadyLCMScheduler,
    )
}  # fmt: skip
