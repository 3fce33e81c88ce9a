"""The arithmetic of noise: both kinds of prediction point to the same picture, and min-SNR weighs them alike."""

from __future__ import annotations

import pytest
import torch

from generation.engine.training.diffusion import Diffusion, DiffusionNoise, generator_for
from generation.engine.training.networks import Networks
from tests.tiny_weights import tiny_checkpoint

LATENTS = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def diffusions() -> dict[str, Diffusion]:
    cpu = torch.device("cpu")
    found = {family: Diffusion(Networks(tiny_checkpoint(family), cpu)) for family in ("sd1", "sd2")}
    assert {one.prediction_type for one in found.values()} == {"epsilon", "v_prediction"}
    return {one.prediction_type: one for one in found.values()}


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_the_true_answer_gives_back_the_picture(diffusions: dict[str, Diffusion], kind: str) -> None:
    diffusion = diffusions[kind]
    draw = diffusion.noise_for(generator_for("test"), LATENTS.shape)
    noisy, target = diffusion.noisy(LATENTS, draw), diffusion.target(LATENTS, draw)
    alphas = diffusion.alphas[draw.timesteps][:, None, None, None]
    clean = noisy * alphas.sqrt() - target * (1 - alphas).sqrt()
    if kind == "epsilon":
        clean = (noisy - target * (1 - alphas).sqrt()) / alphas.sqrt()
    assert torch.allclose(clean, LATENTS, atol=1e-3)


@pytest.mark.parametrize("gamma", [1.0, 5.0])
def test_min_snr_weighs_the_same_error_of_the_picture_alike(diffusions: dict[str, Diffusion], gamma: float) -> None:
    """One error of the picture is snr in epsilon's terms, snr + 1 in velocity's; both come to min(snr, gamma)."""
    draw = diffusions["epsilon"].noise_for(generator_for("weights"), (16, 4, 8, 8))
    alphas = diffusions["epsilon"].alphas[draw.timesteps]
    ratio = alphas / (1 - alphas)
    epsilon = diffusions["epsilon"].weights(draw, gamma) * ratio
    velocity = diffusions["v_prediction"].weights(draw, gamma) * (ratio + 1)
    assert torch.allclose(epsilon, velocity, rtol=1e-4)
    assert torch.allclose(epsilon, ratio.clamp(max=gamma), rtol=1e-4)


def test_without_gamma_all_noise_levels_count_alike(diffusions: dict[str, Diffusion]) -> None:
    draw = DiffusionNoise(torch.tensor([0, 500, 999]), torch.zeros(3, 4, 8, 8))
    assert diffusions["epsilon"].weights(draw, 0).tolist() == [1, 1, 1]


def test_timesteps_are_spread_over_a_batch(diffusions: dict[str, Diffusion]) -> None:
    draw = diffusions["epsilon"].noise_for(generator_for("spread"), (4, 4, 8, 8))
    assert sorted(int(timestep) // 250 for timestep in draw.timesteps) == [0, 1, 2, 3]


def test_the_offset_shifts_whole_channels(diffusions: dict[str, Diffusion]) -> None:
    plain = diffusions["epsilon"].noise_for(generator_for("offset"), (2, 4, 8, 8))
    moved = diffusions["epsilon"].noise_for(generator_for("offset"), (2, 4, 8, 8), offset=0.5)
    shift = moved.noise - plain.noise
    assert torch.allclose(shift, shift[:, :, :1, :1].expand_as(shift), atol=1e-5)
    assert shift.abs().max() > 0.1
