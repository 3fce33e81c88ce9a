"""Pictures drawn with the networks in training: samples of a snapshot, and the base's own pictures of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generation.engine.outcome import Pixels
from generation.engine.samplers import make_scheduler
from generation.engine.training.diffusion import generator_for
from generation.engine.training.material import Material
from generation.engine.training.networks import EncodedCaptions, joined
from generation.recipes.training import SAMPLE_STEPS

SAMPLER = "Euler"
GUIDANCE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class SamplePicture:
    """`latents` (1, C, h, w) and the picture that they decode to."""

    latents: Tensor
    pixels: Pixels


def draw_samples(material: Material, prompts: Sequence[str], seed: int, at_once: int) -> list[SamplePicture]:
    """The same prompts, seeds and batches give the same pictures as long as the adapter is the same."""
    samples = []
    for start in range(0, len(prompts), at_once):
        chosen = prompts[start : start + at_once]
        for latents in draw_latents(material, chosen, [(seed, start + place) for place in range(len(chosen))]):
            with material.time_slice():
                samples.append(SamplePicture(latents[None], _decoded(material, latents[None])))
    return samples


@torch.no_grad()
def draw_latents(material: Material, prompts: Sequence[str], seeds: Sequence[tuple[int, int]]) -> Tensor:
    """Square pictures' latents (n, C, h, w), drawn in one batch; a time slice is taken for each step."""
    networks, count = material.networks, len(prompts)
    scheduler = make_scheduler(
        SAMPLER, "Automatic", SAMPLE_STEPS, {**networks.components.scheduler_config, "clip_sample": False}
    )
    shape = networks.latent_shape(material.square)
    noise = torch.stack([torch.randn(shape, generator=generator_for("sample", *seed)) for seed in seeds])
    latents = noise.to(networks.device) * float(scheduler.init_noise_sigma)
    with material.time_slice():
        captions = joined([_negative(material).rows([0] * count), material.encoded(prompts)])
    side = material.square.height
    time_ids = [(side, side, 0, 0, side, side)] * (2 * count)
    for timestep in scheduler.timesteps:
        with material.time_slice():
            scaled = torch.cat([scheduler.scale_model_input(latents, timestep)] * 2)
            times = timestep.to(networks.device, torch.float32).expand(2 * count)
            bare, prompted = torch.split(networks.predict(scaled, times, captions, time_ids), count)
            latents = scheduler.step(bare + GUIDANCE * (prompted - bare), timestep, latents, return_dict=False)[0]
    return latents


def _negative(material: Material) -> EncodedCaptions:
    """The empty prompt; zeros where the family was trained with those (SDXL)."""
    empty = material.encoded([""])
    if empty.pooled is None:
        return empty
    return EncodedCaptions(torch.zeros_like(empty.states), torch.zeros_like(empty.pooled))


@torch.no_grad()
def _decoded(material: Material, latents: Tensor) -> Pixels:
    """(1, C, h, w) latents to uint8 RGB (H, W, 3); a picture gone to NaN is black, since it only illustrates."""
    vae = material.networks.vae
    image = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
    values = (image * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    pixels: Pixels = (np.nan_to_num(values) * 255).round().astype(np.uint8)
    return pixels
