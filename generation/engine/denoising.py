"""One request's own state between UNet calls: scheduler, generator, latents, conditioning, place in the schedule.

It never calls the UNet itself: it says which rows it needs and takes the prediction. Parked requests are just objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from generation.engine.failures import not_finite
from generation.engine.inversion import Inverting
from generation.engine.lora.row_adapters import RowAdapters
from generation.engine.palette import PaletteGuide
from generation.engine.samplers import order_at, step_arguments, step_parameters
from generation.engine.starting import FromNoise
from generation.recipes.picture import Recipe

if TYPE_CHECKING:
    from generation.engine.control.control import Control
    from generation.engine.loading.checkpoints import LoadedCheckpoint
    from generation.engine.text.conditioning import Conditioning, Prompted


@dataclass(frozen=True, slots=True)
class UNetInputs:
    """What one request puts into one UNet call: n rows, each with the same LoRAs (by sha256, with the UNet's weight).

    `sample` (n, C, h, w) in the checkpoint's dtype, with what the UNet gets beside the latents, `timesteps` (n,) in
    float32, `text` (n, T, dim), `mask` (n, T); SDXL's `pooled` (n, dim) and `time_ids` (n, 6). `controls` are the
    ControlNets that join this call.
    """

    sample: Tensor
    timesteps: Tensor
    text: Tensor
    mask: Tensor | None
    pooled: Tensor | None
    time_ids: Tensor | None
    adapters: RowAdapters
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class DenoisedPrediction:
    """What the UNet got and predicted at one call, both (1, C, h, w): enough for the picture that it expects.

    `alpha_cumprod` (0 to 1) is the share of the signal at that timestep. See `previews`.
    """

    sample: Tensor
    prediction: Tensor
    alpha_cumprod: float
    prediction_type: str

    def latents(self) -> Tensor:
        """The clean latents (1, C, h, w) that this prediction points to, in the variance-preserving form of DDPM."""
        signal, noise = self.alpha_cumprod**0.5, (1.0 - self.alpha_cumprod) ** 0.5
        clean = self.prediction
        if self.prediction_type == "v_prediction":
            clean = self.sample * signal - self.prediction * noise
        if self.prediction_type == "epsilon":
            clean = (self.sample - self.prediction * noise) / max(signal, 1e-3)
        return clean

    def moved(self, change: Tensor) -> Tensor:
        """The prediction (1, C, h, w) that points to clean latents which are another by `change` (1, C, h, w)."""
        signal, noise = self.alpha_cumprod**0.5, max((1.0 - self.alpha_cumprod) ** 0.5, 1e-3)
        share = {"epsilon": -signal / noise, "v_prediction": -1 / noise}.get(self.prediction_type, 1.0)
        moved: Tensor = self.prediction + (change * share).to(self.prediction.dtype)
        return moved

    @property
    def noise_share(self) -> float:
        return float((1.0 - self.alpha_cumprod) ** 0.5)


class Denoising:
    """A request on its way through its sampler. Not thread-safe: once it has joined, the engine thread owns it.

    `start` says how its latents begin and what is put back after each step. A request that begins late counts its calls
    from 0 all the same, and its prompt's schedules with them, as A1111.
    """

    def __init__(
        self,
        recipe: Recipe,
        checkpoint: LoadedCheckpoint,
        scheduler: Any,
        conditioning: Conditioning,
        start: FromNoise | None = None,
        controls: tuple[Control, ...] = (),
        palette: PaletteGuide | None = None,
    ) -> None:
        self.recipe = recipe
        self.checkpoint = checkpoint
        self.scheduler = scheduler
        self.conditioning = conditioning
        self.controls = controls
        self.start = start or FromNoise(recipe, checkpoint)
        self.timesteps = self.start.timesteps(scheduler)
        self.call = 0
        self._palette = palette
        self._inverting = self.start.inverting(scheduler)
        self._before = self._inverting.total if self._inverting else 0
        """Calls that look for the noise behind pictures; the sampler's come after them."""
        self.total = self._before + len(self.timesteps)
        self.denoised: DenoisedPrediction | None = None
        self._generator = torch.Generator("cpu").manual_seed(recipe.seed)
        self.latents = self.start.first_latents(scheduler, self.timesteps, self._generator)
        self._adapters: RowAdapters = tuple((pick.sha256, pick.weight) for pick in recipe.loras if pick.weight)
        self._step_arguments = step_arguments(recipe.sampler, type(scheduler).step)
        if "generator" in step_parameters(type(scheduler).step):
            self._step_arguments["generator"] = self._generator

    @property
    def done(self) -> bool:
        return self.call >= self.total

    @property
    def row_count(self) -> int:
        """The most rows of a call: one a part of the prompt, and one for the negative prompt."""
        return max(_row_count(self.conditioning.at(0)), len(self.conditioning.inverted))

    @property
    def _sampler_call(self) -> int:
        """The place in the sampler's schedule, below 0 as long as pictures are inverted."""
        return self.call - self._before

    def inputs(self) -> UNetInputs:
        """The rows of the next UNet call: the negative prompt first, then each positive, as diffusers orders them.

        While pictures are inverted, a row for each.
        """
        if self._inverting and self._sampler_call < 0:
            return self._inputs_of_inversion(self._inverting)
        prompted = self.conditioning.at(self._sampler_call)
        count = _row_count(prompted)
        timestep = self.timesteps[self._sampler_call]
        scaled = self.scheduler.scale_model_input(self.latents, timestep)
        if self.start.channels is not None:
            scaled = torch.cat([scaled, self.start.channels], dim=1)
        return UNetInputs(
            sample=torch.cat([scaled] * count),
            timesteps=timestep.to(torch.float32).expand(count),
            text=torch.stack(_texts(prompted)),
            mask=self.conditioning.mask,
            pooled=_pooled(prompted),
            time_ids=self._time_ids(count) if prompted.pooled_positive is not None else None,
            adapters=self._adapters,
            controls=tuple(each for each in self.controls if each.pick.joins(self._sampler_call, len(self.timesteps))),
        )

    def advance(self, inputs: UNetInputs, prediction: Tensor) -> None:
        """Take the UNet's prediction (rows, C, h, w) for `inputs()`, guide, and step. Raises RenderError."""
        if self._inverting and self._sampler_call < 0:
            self._advance_inversion(self._inverting, inputs, prediction)
            return
        call = self._sampler_call
        timestep = self.timesteps[call]
        guided = guide(prediction, self.conditioning.at(call), self.recipe.cfg_scale)
        denoised = self._denoised(inputs, guided, float(timestep))
        if self._palette:
            guided = denoised.moved(self._palette.change(denoised.latents(), denoised.noise_share))
        arguments = self._step_arguments | order_at(call, type(self.scheduler).step)
        stepped = self.scheduler.step(guided, timestep, self.latents, return_dict=False, **arguments)[0]
        if not bool(torch.isfinite(stepped).all()):
            raise not_finite()
        self.latents = self.start.stepped(self.scheduler, stepped, self.timesteps[call + 1 :])
        self.denoised = replace(denoised, prediction=guided)
        self.call += 1

    def _denoised(self, inputs: UNetInputs, prediction: Tensor, timestep: float) -> DenoisedPrediction:
        config = self.scheduler.config
        nearest = min(max(round(timestep), 0), config.num_train_timesteps - 1)
        alpha = float(self.scheduler.alphas_cumprod[nearest])
        sample = inputs.sample[:1, : prediction.shape[1]]
        return DenoisedPrediction(sample, prediction[:1], alpha, config.prediction_type)

    def _inputs_of_inversion(self, inverting: Inverting) -> UNetInputs:
        texts, count = self.conditioning.inverted, len(self.conditioning.inverted)
        pooled = [text.pooled for text in texts if text.pooled is not None]
        return UNetInputs(
            sample=inverting.sample.to(self.checkpoint.dtype),
            timesteps=torch.tensor([inverting.timestep], dtype=torch.float32).expand(count),
            text=torch.stack([text.states for text in texts]),
            mask=self.conditioning.inverted_mask,
            pooled=torch.stack(pooled) if pooled else None,
            time_ids=self._time_ids(count) if pooled else None,
            adapters=self._adapters,
        )

    def _advance_inversion(self, inverting: Inverting, inputs: UNetInputs, prediction: Tensor) -> None:
        self.denoised = self._denoised(inputs, prediction, inverting.timestep)
        inverting.advance(prediction)
        if inverting.done:
            self.latents = inverting.noise().to(self.checkpoint.dtype) * float(self.scheduler.init_noise_sigma)
        self.call += 1

    def _time_ids(self, count: int) -> Tensor:
        """SDXL's original size, crop corner and target size in pixels, (count, 6): Podell et al. 2023, 2.2."""
        width, height = self.start.size
        return torch.tensor([[height, width, 0, 0, height, width]], dtype=self.checkpoint.dtype).expand(count, -1)


def guide(prediction: Tensor, prompted: Prompted, cfg_scale: float) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022), composed over AND parts (Liu et al. 2022).

    `prediction` is (rows, C, h, w), the result (1, C, h, w). A single row is unguided.
    """
    if prompted.negative is None:
        return prediction
    unconditional, *positives = torch.split(prediction, 1)
    guided = unconditional
    for row, (_, weight) in zip(positives, prompted.positive, strict=True):
        guided = guided + (cfg_scale * weight) * (row - unconditional)
    return guided


def _row_count(prompted: Prompted) -> int:
    return len(prompted.positive) + (prompted.negative is not None)


def _texts(prompted: Prompted) -> list[Tensor]:
    """The text states (T, dim) of each row, the negative prompt first."""
    positives = [text for text, _ in prompted.positive]
    return positives if prompted.negative is None else [prompted.negative, *positives]


def _pooled(prompted: Prompted) -> Tensor | None:
    """One pooled vector a row, (rows, dim), in the order of `_texts`; None for families without."""
    if prompted.pooled_positive is None or prompted.pooled_negative is None:
        return prompted.pooled_positive
    return torch.cat([prompted.pooled_negative[None], prompted.pooled_positive])
