"""Schedule types: every sampler's noise levels against the papers' formulas, and where they lead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import betaincinv

from generation.engine.samplers import make_scheduler, schedule_followed, step_arguments, step_parameters
from generation.recipes.sampling import AUTOMATIC, SCHEDULES, TABLE
from tests.renders import allow_numpy_copies

pytestmark = allow_numpy_copies

Floats = NDArray[np.float64]

COUNTS = (1, 2, 4, 8, 20, 32, 50, 60)
NOISE = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "prediction_type": "epsilon"}
LEADING = {**NOISE, "timestep_spacing": "leading", "steps_offset": 1}
PAIRS = [(sampler, schedule) for sampler, row in TABLE.items() for schedule in row.schedules]
SPREAD = [(sampler, schedule) for sampler, schedule in PAIRS if schedule != AUTOMATIC]

BETA_OF_TWENTY = [
    14.615, 13.516, 11.543, 9.389, 7.372, 5.687, 4.373, 3.375, 2.615, 2.047,
    1.618, 1.285, 1.027, 0.821, 0.655, 0.515, 0.396, 0.291, 0.199, 0.111,
]  # fmt: skip
"""ComfyUI's, for the noise of SD 1.x and SDXL."""

KARRAS_OF_TEN = [14.6146, 9.1029, 5.4784, 3.1686, 1.7494, 0.9141, 0.4469, 0.2014, 0.0819, 0.0292]


def training_sigmas() -> Floats:
    """Of the thousand timesteps of SD 1.x and SDXL: Rombach et al. 2022, `scaled_linear`."""
    betas = np.linspace(math.sqrt(0.00085), math.sqrt(0.012), 1000) ** 2
    alphas = np.cumprod(1 - betas)
    sigmas: Floats = np.sqrt((1 - alphas) / alphas)
    return sigmas


def reference(schedule: str, steps: int) -> Floats:
    """Written apart from the engine, a level at a time."""
    table = training_sigmas()
    low, high = float(table[0]), float(table[-1])

    def at(timestep: float) -> float:
        below = min(int(timestep), 998)
        share = timestep - below
        return math.exp((1 - share) * math.log(table[below]) + share * math.log(table[below + 1]))

    def level(place: int) -> float:
        done = place / (steps - 1) if steps > 1 else 0.0
        if schedule == "Karras":
            return float((high ** (1 / 7) + done * (low ** (1 / 7) - high ** (1 / 7))) ** 7)
        if schedule == "Exponential":
            return math.exp(math.log(high) + done * (math.log(low) - math.log(high)))
        if schedule == "Normal":
            return at(999 * (1 - done))
        if schedule == "SGM Uniform":
            return at(999 * (1 - place / steps))
        assert schedule == "Beta"
        return float(table[round(999 * float(betaincinv(0.6, 0.6, 1 - place / steps)))])

    return np.array([level(place) for place in range(steps)])


def levels(scheduler: Any, sampler: str) -> Floats:
    """The sigmas at which a sampler's steps begin; the second calls of second-order ones lie between them."""
    if sampler == "PLMS":
        walked = scheduler.timesteps.tolist()
        return training_sigmas()[[int(timestep) for timestep in dict.fromkeys(walked)]]
    sigmas = scheduler.sigmas[:-1]
    if TABLE[sampler].second_order:
        sigmas = torch.cat([sigmas[:1], sigmas[1::2]])
        sigmas = sigmas[sigmas > 0]
    return np.array(sigmas.tolist())


@pytest.mark.parametrize(("sampler", "schedule"), SPREAD)
def test_every_sampler_walks_along_the_reference(sampler: str, schedule: str) -> None:
    skips = TABLE[sampler].skips_one
    # PLMS takes whole timesteps.
    tolerance = 0.02 if sampler == "PLMS" else 1e-4
    for config in (NOISE, LEADING):
        for steps in COUNTS:
            scheduler = make_scheduler(sampler, schedule, steps, config)
            expected = reference(schedule, steps + skips)[:steps]
            np.testing.assert_allclose(levels(scheduler, sampler), expected, rtol=tolerance, err_msg=f"{steps} steps")
            if sampler != "PLMS":
                assert scheduler.sigmas[-1] == 0


def test_the_reference_gives_the_known_numbers() -> None:
    np.testing.assert_allclose(reference("Beta", 20), BETA_OF_TWENTY, atol=6e-4)
    np.testing.assert_allclose(reference("Karras", 10), KARRAS_OF_TEN, atol=2e-4)
    for schedule in SCHEDULES[1:]:
        assert reference(schedule, 1)[0] == pytest.approx(14.6146, abs=1e-3)


@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_every_call_is_made_at_the_timestep_of_its_noise(sampler: str, schedule: str) -> None:
    """With one picture in the world and a UNet that knows it, every sampler must draw that picture."""
    # Where DDIM and PLMS space their steps themselves, as A1111 does, a single step is at the first timestep.
    counts = COUNTS[1:] if (sampler, schedule) == ("PLMS", AUTOMATIC) else COUNTS
    for steps in (*counts, 33, 47):
        if steps <= (TABLE[sampler].most_steps or steps):
            drawn = drawn_by_a_perfect_unet(sampler, schedule, steps)
            assert (drawn - PICTURE).abs().max() < 0.12, steps


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_no_sampler_breaks_at_any_count(sampler: str, schedule: str) -> None:
    for steps in range(1, (TABLE[sampler].most_steps or 60) + 1):
        assert torch.isfinite(drawn_by_a_perfect_unet(sampler, schedule, steps)).all(), steps


PICTURE = torch.tensor([0.5, -1.0, 1.5, 0.0]).reshape(1, 4, 1, 1).expand(1, 4, 2, 2)


def drawn_by_a_perfect_unet(sampler: str, schedule: str, steps: int) -> torch.Tensor:
    """What a sampler makes of noise, where the UNet finds the very noise at the timestep that it is told."""
    scheduler: Any = make_scheduler(sampler, schedule, steps, NOISE)
    generator = torch.Generator().manual_seed(1)
    step = type(scheduler).step
    more = {"generator": generator} if "generator" in step_parameters(step) else {}
    latents = torch.randn(PICTURE.shape, generator=generator) * float(scheduler.init_noise_sigma)
    for timestep in scheduler.timesteps:
        sample = scheduler.scale_model_input(latents, timestep)
        signal, noise = shares_at(float(timestep))
        predicted = (sample - signal * PICTURE) / noise
        latents = scheduler.step(
            predicted, timestep, latents, return_dict=False, **step_arguments(sampler, step), **more
        )[0]
    return latents


def shares_at(timestep: float) -> tuple[float, float]:
    """Of the picture and of the noise, between two timesteps by the logarithm of sigma."""
    sigma = math.exp(np.interp(timestep, np.arange(1000), np.log(training_sigmas())))
    return 1 / math.sqrt(1 + sigma**2), sigma / math.sqrt(1 + sigma**2)


@pytest.mark.parametrize(
    ("sampler", "schedule", "config", "expected"),
    [
        ("Euler", "Automatic", NOISE, "Normal"),
        ("Euler", "Automatic", LEADING, "Automatic"),
        ("Euler", "Automatic", LEADING | {"use_karras_sigmas": True}, "Karras"),
        ("PLMS", "Automatic", LEADING | {"use_karras_sigmas": True}, "Automatic"),
        ("Euler", "Beta", LEADING | {"use_karras_sigmas": True}, "Beta"),
        ("DPM++ 2M Karras", "Automatic", LEADING, "Karras"),
        ("DDIM", "Automatic", NOISE, "Automatic"),
    ],
)
def test_automatic_is_what_the_checkpoint_or_the_sampler_says(
    sampler: str, schedule: str, config: dict[str, Any], expected: str
) -> None:
    assert schedule_followed(sampler, schedule, config) == expected


def test_ddim_and_plms_begin_as_a1111_does_where_nothing_is_said() -> None:
    config = NOISE | {"steps_offset": 1}
    assert make_scheduler("DDIM", "Automatic", 20, config).timesteps.tolist() == list(range(951, 0, -50))
    assert make_scheduler("PLMS", "Automatic", 4, config).timesteps.tolist() == [751, 501, 501, 251, 1]


@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_zero_terminal_snr_is_every_samplers(sampler: str, schedule: str) -> None:
    config = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}
    scheduler: Any = make_scheduler(sampler, schedule, 4, NOISE | config)
    assert float(scheduler.alphas_cumprod[-1]) < 1e-7
    assert float(scheduler.timesteps[0]) == 999
    if hasattr(scheduler, "sigmas"):
        assert float(scheduler.sigmas[0]) > 3000
