"""DDIM inversion: it finds the noise from which the same way leads back, in calls that it shares with everybody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch
from PIL import Image

from generation.engine.inversion import Inverting, levels_of, noise_in, risen
from generation.engine.outcome import Pixels, RenderError
from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.engine.samplers import make_scheduler
from generation.recipes.blending import Blend
from generation.recipes.inversion import PASSES, Inversion, Inverted
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start
from tests.renders import allow_numpy_copies, draw, draw_together, every_weight, levels_apart, recipe

pytestmark = allow_numpy_copies

APPLE, CAR = PictureRef("a" * 64, 128, 128), PictureRef("b" * 64, 128, 128)


def psnr(first: Pixels, second: Pixels) -> float:
    error = float(((first.astype(float) - second) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def given(words: str, seed: int = 3) -> Recipe:
    return recipe("mini", prompt=words, width=128, height=128, steps=12, cfg_scale=4.0, seed=seed)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """It has pictures of an apple and a car, drawn by itself."""
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as plain:
        pictures = {
            ref.sha256: Image.fromarray(draw(plain, given(words))[0])
            for ref, words in ((APPLE, "a red apple"), (CAR, "a blue car"))
        }
    with closing(Renderer(every_weight(), GivenPictures(pictures), device="cpu", threads=1)) as made:
        yield made


def redrawn(words: str, shows: str, **changes: object) -> Recipe:
    plain = given(words).replace(steps=20, cfg_scale=1.0, sampler="DDIM")
    return plain.replace(inversion=Inversion(Inverted(APPLE, shows)), **changes)


def test_the_same_words_give_the_picture_back(renderer: Renderer) -> None:
    """What the VAE makes of it, that is: strength 0 tells it."""
    reconstruction = draw(renderer, given("a red apple").replace(start=Start(APPLE, 0.0)))[0]
    back = draw(renderer, redrawn("a red apple", "a red apple"))[0]
    other_noise = draw(renderer, redrawn("a red apple", "a red apple").replace(inversion=None))[0]
    assert psnr(back, reconstruction) > max(30, psnr(other_noise, reconstruction) + 5)


def test_other_words_change_it(renderer: Renderer) -> None:
    same, green = (
        draw(renderer, redrawn(words, "a red apple", cfg_scale=4.0))[0] for words in ("a red apple", "a green apple")
    )
    red_of, green_of = (pixels[40:90, 40:90].reshape(-1, 3).mean(0) for pixels in (same, green))
    assert red_of[0] > green_of[0] + 20 and green_of[1] > red_of[1] + 20


def test_progress_counts_both_ways(renderer: Renderer) -> None:
    pixels, steps = draw(renderer, redrawn("a red apple", "").replace(steps=4))
    assert (steps[-1].index, steps[-1].total) == (4 * PASSES + 4, 4 * PASSES + 4) and steps[0].preview is not None
    assert pixels.shape == (128, 128, 3)


def test_its_calls_are_shared(renderer: Renderer) -> None:
    wanted = [redrawn("a red apple", "a red apple"), given("a blue car").replace(steps=40)]
    alone = [draw(renderer, each)[0] for each in wanted]
    before = renderer.metrics.snapshot().rows_by_call.get(3, 0)
    together = draw_together(renderer, wanted)
    assert renderer.metrics.snapshot().rows_by_call.get(3, 0) > before
    # Inversion is exact to float32, and what rounding changes in it grows on the way back.
    for made, each, most in zip(together, alone, (3, 1), strict=True):
        assert isinstance(made, np.ndarray) and levels_apart(made, each)[0] <= most


def test_between_two_pictures_their_noises_are_turned(renderer: Renderer) -> None:
    ends = Inverted(APPLE, "a red apple"), Inverted(CAR, "a blue car")
    way = redrawn("a red apple", "")
    first, last = (
        draw(renderer, way.replace(inversion=Inversion(*ends, amount), blend=Blend("a blue car", amount)))[0]
        for amount in (0.0, 1.0)
    )
    apple, car = (draw(renderer, given("x").replace(start=Start(ref, 0.0)))[0] for ref in (APPLE, CAR))
    assert psnr(first, apple) > psnr(first, car) + 5 and psnr(last, car) > psnr(last, apple) + 5


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_every_family_is_inverted(renderer: Renderer, family: str) -> None:
    wanted = recipe(family, sampler="DDIM", steps=2, inversion=Inversion(Inverted(APPLE, "a cat, " * 40)))
    pixels, _ = draw(renderer, wanted)
    assert pixels.shape == (64, 64, 3)


def test_a_picture_that_is_gone_fails_the_job(renderer: Renderer) -> None:
    lost = PictureRef("c" * 64, 128, 128)
    with pytest.raises(RenderError) as failed:
        draw(renderer, redrawn("a cat", "").replace(inversion=Inversion(Inverted(lost))))
    assert failed.value.code == "source-missing"


# The arithmetic alone, with a network that is a formula

CONFIG = {"num_train_timesteps": 1000, "beta_schedule": "linear", "timestep_spacing": "leading"}


def eps(sample: torch.Tensor, alpha: float) -> torch.Tensor:
    """Nearly what is right for pictures that are noise of deviation 0.6 themselves."""
    seen: torch.Tensor = (1 - alpha) ** 0.5 * (sample + 0.1 * torch.sin(3 * sample)) / (0.36 * alpha + 1 - alpha)
    return seen


@pytest.mark.parametrize(("passes", "most"), [(1, 0.06), (3, 0.002)])
def test_each_step_is_solved_for_its_beginning(monkeypatch: pytest.MonkeyPatch, passes: int, most: float) -> None:
    """The more exactly, the more often it is corrected."""
    monkeypatch.setattr("generation.engine.inversion.PASSES", passes)
    scheduler = make_scheduler("DDIM", "Automatic", 25, CONFIG)
    alphas = scheduler.alphas_cumprod.tolist()
    clean = 0.6 * torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    inverting = Inverting(Inversion(Inverted(APPLE)), clean, scheduler)
    while not inverting.done:
        inverting.advance(eps(inverting.sample, alphas[round(inverting.timestep)]))
    sample = inverting.noise()
    for timestep in scheduler.timesteps:
        sample = scheduler.step(eps(sample, alphas[int(timestep)]), timestep, sample).prev_sample
    assert float((sample - clean).abs().max()) < most and inverting.total == 25 * passes


@pytest.mark.parametrize("sampler", ["DDIM", "Euler", "Heun", "DPM++ 2M Karras", "UniPC"])
def test_levels_lead_from_the_picture_to_the_noise(sampler: str) -> None:
    scheduler = make_scheduler(sampler, "Automatic", 10, CONFIG)
    timesteps, levels = levels_of(scheduler)
    assert len(levels) == len(timesteps) + 1 and timesteps == sorted(timesteps)
    assert levels == sorted(levels, reverse=True) and levels[0] > 0.99 and levels[-1] < 0.05


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
def test_the_noise_in_a_prediction(prediction_type: str) -> None:
    draws = torch.Generator().manual_seed(1)
    clean, noise = (torch.randn(2, 4, 3, 3, generator=draws) for _ in range(2))
    sample = risen(clean, noise, 1.0, 0.36)
    assert torch.allclose(sample, 0.6 * clean + 0.8 * noise, atol=1e-6)
    told = {"epsilon": noise, "v_prediction": 0.6 * noise - 0.8 * clean, "sample": clean}[prediction_type]
    assert torch.allclose(noise_in(told, sample, 0.36, prediction_type), noise, atol=1e-5)


def test_numbers_that_run_away_are_told() -> None:
    scheduler = make_scheduler("DDIM", "Automatic", 2, CONFIG)
    inverting = Inverting(Inversion(Inverted(APPLE)), torch.zeros(1, 4, 2, 2), scheduler)
    with pytest.raises(RenderError):
        for _ in range(PASSES):
            inverting.advance(torch.full((1, 4, 2, 2), math.nan))
