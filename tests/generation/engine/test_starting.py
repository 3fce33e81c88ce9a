"""Pictures from pictures: equal to diffusers' pipelines alone, the same beside strangers; what no strength means."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch
from PIL import Image

from generation.engine import encoding
from generation.engine.decoding import decode
from generation.engine.encoding import Encoder, as_tensor
from generation.engine.outcome import RenderError
from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.recipes.picture import Recipe
from generation.recipes.sampling import SAMPLERS
from generation.recipes.starting import PictureRef, Start
from tests.renders import (
    allow_numpy_copies,
    draw,
    draw_by_pipeline,
    draw_together,
    every_weight,
    levels_apart,
    loaded,
    meeting,
    recipe,
)

pytestmark = allow_numpy_copies

NAMED = ("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "DDIM", "UniPC", "Heun")
OWN_WAY = ("PLMS", "LMS", "LMS Karras")
"""Where diffusers' pipeline takes steps for done that were left out."""
ELSEWHERE = [name for name in SAMPLERS if name not in (*NAMED, *OWN_WAY)]


def noisy_picture(width: int = 64, height: int = 64, seed: int = 0) -> Image.Image:
    """Smooth colours with grain."""
    rng = np.random.default_rng(seed)
    colours = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).resize((width, height))
    grain = rng.integers(-8, 9, (height, width, 3))
    return Image.fromarray((np.asarray(colours) + grain).clip(0, 255).astype(np.uint8))


SOURCE, WIDE = noisy_picture(), noisy_picture(96, 64, seed=1)
PICTURES = GivenPictures({"a" * 64: SOURCE, "b" * 64: WIDE})


def start(strength: float = 0.5, sha256: str = "a" * 64, size: tuple[int, int] = (64, 64), **more: object) -> Start:
    return Start(PictureRef(sha256, *size), strength, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with closing(Renderer(every_weight(), PICTURES, device="cpu", threads=1)) as made:
        yield made


@pytest.mark.parametrize("sampler", NAMED)
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_lone_request_equals_the_pipeline_to_the_bit(renderer: Renderer, sampler: str, strength: float) -> None:
    wanted = recipe(sampler=sampler, start=start(strength))
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE]))


@pytest.mark.parametrize("sampler", ELSEWHERE)
def test_so_does_every_other_sampler(renderer: Renderer, sampler: str) -> None:
    wanted = recipe(sampler=sampler, start=start())
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE]))


@pytest.mark.parametrize("schedule", ["Karras", "SGM Uniform", "Beta"])
def test_schedules_are_begun_late_too(renderer: Renderer, schedule: str) -> None:
    wanted = recipe(schedule=schedule, start=start(0.8))
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE]))


@pytest.mark.parametrize("family", ["sd2", "sdxl"])
@pytest.mark.parametrize("sampler", NAMED)
def test_every_family_equals_its_pipeline_to_the_bit(renderer: Renderer, family: str, sampler: str) -> None:
    """In a picture that is not square."""
    wanted = recipe(family, sampler=sampler, width=96, start=start(0.8, "b" * 64, (96, 64)))
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[WIDE]))


@pytest.mark.parametrize("sampler", OWN_WAY)
def test_what_looks_back_begins_anew(renderer: Renderer, sampler: str) -> None:
    """All strength but that of one step is near the picture of all steps, as with every sampler."""
    near, far = (
        draw(renderer, recipe("mini", prompt="a red apple", sampler=sampler, steps=10, start=start(strength)))[0]
        for strength in (0.2, 1.0)
    )
    kept, lost = (np.abs(np.asarray(SOURCE, float) - pixels).mean() for pixels in (near, far))
    assert kept < lost


def test_steps_are_those_that_the_strength_leaves(renderer: Renderer) -> None:
    assert draw(renderer, recipe(steps=10, start=start(0.35)))[1][-1].total == 3
    assert draw(renderer, recipe(steps=10, sampler="Heun", start=start(0.35)))[1][-1].total == 5


@pytest.mark.parametrize("strength", [0.0, 0.2])
def test_no_step_gives_the_vaes_reconstruction(renderer: Renderer, strength: float) -> None:
    wanted = recipe(steps=4, start=start(strength))
    pixels, steps = draw(renderer, wanted)
    with loaded(renderer) as checkpoint, torch.inference_mode():
        mean = checkpoint.vae.encode(as_tensor(np.asarray(SOURCE))).latent_dist.mean
        reconstruction = decode(checkpoint, mean * checkpoint.vae.config.scaling_factor)
    assert np.array_equal(pixels, reconstruction) and not [step for step in steps if step.index]
    assert np.array_equal(pixels, draw(renderer, wanted.replace(seed=8, prompt="a dog"))[0])


def mixed() -> list[Recipe]:
    """Strangers, of whom some start from noise and some from pictures."""
    starts = (None, start(0.5), start(0.9), None)
    samplers = ("Euler", "Euler a", "DDIM", "UniPC")
    return [
        recipe("mini", steps=4 + number, seed=number, sampler=samplers[number % 4], start=starts[number % 4])
        for number in range(4)
    ]


def test_strangers_share_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engine.renderer.device_clock", lambda device: lambda: 0.0)
    with closing(Renderer(every_weight(), PICTURES, device="cpu", threads=1)) as roomy:
        alone = [draw(roomy, wanted)[0] for wanted in mixed()]
        with meeting(roomy, 4):
            together = draw_together(roomy, mixed())
        rows = roomy.metrics.snapshot().rows_by_call
    assert max(rows) > 2
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, np.ndarray) and levels_apart(one, other)[0] <= 1


def test_half_precision_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engine.renderer.serving_dtype", lambda device: torch.float16)
    wanted = recipe(steps=2, start=start(1.0))
    with closing(Renderer(every_weight(), PICTURES, device="cpu", threads=1)) as half:
        levels, _ = levels_apart(draw(half, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE]))
    assert levels <= 8


def test_a_picture_is_encoded_once_for_each_size_and_vae(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    own = encoding._encode
    monkeypatch.setattr(
        encoding,
        "_encode",
        lambda *given: threads.append(threading.current_thread()) or own(*given),  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr(renderer, "_encoder", Encoder(2**20))
    for vae, width, seed in (("", 64, 1), ("", 64, 2), ("", 96, 3), ("vae", 64, 1), ("vae", 64, 2)):
        draw(renderer, recipe(steps=1, seed=seed, width=width, vae_sha256=vae, start=start(1.0)))
    # On the caller's: the engine's thread goes on drawing.
    assert threads == [threading.current_thread()] * 3


def test_full_memory_is_met_by_tiles(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    own = encoding._encode

    def full_at_first(checkpoint: object, picture: torch.Tensor, tile: int | None = None) -> object:
        calls.append(tile is not None)
        if len(calls) == 1:
            raise torch.OutOfMemoryError
        return own(checkpoint, picture, tile)  # type: ignore[arg-type]

    monkeypatch.setattr(encoding, "_encode", full_at_first)
    monkeypatch.setattr(renderer, "_encoder", Encoder(2**20))
    draw(renderer, recipe(steps=1, start=start(1.0)))
    assert calls == [False, True]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (start(sha256="c" * 64), "source-missing"),
        (start(size=(64, 72)), "source-unreadable"),
    ],
)
def test_pictures_that_are_not_there_fail_the_render(renderer: Renderer, wanted: Start, code: str) -> None:
    with pytest.raises(RenderError) as failed:
        draw(renderer, recipe(start=wanted))
    assert failed.value.code == code


def test_without_a_picture_source_there_are_none() -> None:
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as bare, pytest.raises(RenderError) as failed:
        draw(bare, recipe(start=start()))
    assert failed.value.code == "source-missing"
