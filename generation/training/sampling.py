"""Pictures drawn with the networks in training: samples of a snapshot, and the base's own pictures of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generation.engine.outcome import Pixels
from generation.engine.samplers import make_scheduler
from generation.training.chance import generator_for
from generation.training.material import Material
from generation.training.networks import Words, joined

SAMPLER = "Euler"
STEPS = 20
GUIDANCE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`latents` (1, C, h, w) and the picture that they decode to."""

    latents: Tensor
    pixels: Pixels


def draw_samples(material: Material, prompts: Sequence[str], seed: int) -> list[Sample]:
    """The same prompts and seeds give the same pictures as long as the adapter is the same."""
    samples = []
    for number, prompt in enumerate(prompts):
        latents = draw_latents(material, prompt, seed, number)
        with material.turn():
            samples.append(Sample(latents, _decoded(material, latents)))
    return samples


@torch.no_grad()
def draw_latents(material: Material, prompt: str, seed: int, number: int) -> Tensor:
    """One square picture's latents (1, C, h, w); a turn is taken for each step."""
    networks = material.networks
    scheduler = make_scheduler(SAMPLER, "Automatic", STEPS, {**networks.parts.scheduler_config, "clip_sample": False})
    noise = torch.randn((1, *networks.latent_shape(material.square)), generator=generator_for("sample", seed, number))
    latents = noise.to(networks.device) * float(scheduler.init_noise_sigma)
    with material.turn():
        words = joined([_negative(material), material.words([prompt])])
    side = material.square.height
    for timestep in scheduler.timesteps:
        with material.turn():
            scaled = scheduler.scale_model_input(latents, timestep)
            times = timestep.to(networks.device, torch.float32).expand(2)
            answer = networks.predict(scaled.expand(2, -1, -1, -1), times, words, [(side, side, 0, 0, side, side)] * 2)
            bare, prompted = torch.split(answer, 1)
            latents = scheduler.step(bare + GUIDANCE * (prompted - bare), timestep, latents, return_dict=False)[0]
    return latents


def _negative(material: Material) -> Words:
    """The empty prompt; zeros where the family was trained with those (SDXL)."""
    words = material.words([""])
    if words.pooled is None:
        return words
    return Words(torch.zeros_like(words.states), torch.zeros_like(words.pooled))


@torch.no_grad()
def _decoded(material: Material, latents: Tensor) -> Pixels:
    vae = material.networks.vae
    image = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
    values = (image * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    pixels: Pixels = (np.nan_to_num(values) * 255).round().astype(np.uint8)
    return pixels
