"""Second passes: alone they draw what diffusers' image-to-image pipeline draws from the same latents, to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from PIL import Image
from torch.nn import functional

from generation.engine.batching.unet_call import call_unet
from generation.engine.denoising import Denoising, UNetInputs
from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.outcome import Pixels
from generation.engine.renderer import Renderer
from generation.prompting import schedule
from generation.recipes.blending import Blend
from generation.recipes.enlarging import LATENT_MODES, Hires
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.palette import Palette
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start
from generation.recipes.variation import Variation
from tests.control_renders import control, control_weights, drawing, pictures, reference
from tests.renders import (
    _scheduler,
    allow_numpy_copies,
    checkpoint_folder,
    draw,
    draw_together,
    levels_apart,
    meeting,
    pipeline,
    recipe,
)
from tests.tiny_upscalers import RRDB, tensors_of, write

pytestmark = allow_numpy_copies
SCALE = 1.5


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    network = write(Path(tmp_path_factory.mktemp("upscalers")) / "2x-net.safetensors", tensors_of(RRDB))
    checkpoints = {name: checkpoint_folder(name) for name in ("sd1", "sd2", "sdxl", "mini")}
    weights = FolderWeights({**checkpoints, "net": network})
    with closing(Renderer(weights, device="cpu", threads=1)) as made:
        yield made


@torch.inference_mode()
def by_pipelines(wanted: Recipe, hires: Hires) -> Pixels:
    """The first pass's latents, enlarged as torch does it, through diffusers' image-to-image pipeline."""
    first = pipeline(checkpoint_folder(wanted.checkpoint_sha256))
    said: dict[str, Any] = {"prompt": wanted.prompt, "guidance_scale": wanted.cfg_scale}
    first.scheduler = _scheduler(wanted, first.own_scheduler_config)
    seeded = torch.Generator("cpu").manual_seed(wanted.seed)
    latents = first(
        **said, width=wanted.width, height=wanted.height, num_inference_steps=wanted.steps, generator=seeded,
        output_type="latent",
    ).images  # fmt: skip
    mode, antialias = LATENT_MODES[hires.upscaler]
    width, height = hires.size_of(wanted.width, wanted.height)
    factor = first.vae_scale_factor
    large = functional.interpolate(latents, size=(height // factor, width // factor), mode=mode, antialias=antialias)
    scheduled, made = hires.steps_of(wanted.steps, wanted.sampler)
    second = image_to_image(first)
    second.scheduler = _scheduler(wanted.replace(steps=scheduled), first.own_scheduler_config)
    seeded = torch.Generator("cpu").manual_seed(wanted.seed)
    drawn = second(
        **said, image=large, strength=made / scheduled + 1e-6, num_inference_steps=scheduled, generator=seeded,
        output_type="np",
    ).images[0]  # fmt: skip
    return np.asarray((drawn * 255).round().astype(np.uint8))


def image_to_image(first: Any) -> Any:
    """The pipeline of the same networks that starts from a picture or its latents."""
    if "text_encoder_2" in first.components:
        second = StableDiffusionXLImg2ImgPipeline(**first.components)
    else:
        second = StableDiffusionImg2ImgPipeline(**first.components, requires_safety_checker=False)
    second.set_progress_bar_config(disable=True)
    return second


@pytest.mark.parametrize(
    ("checkpoint", "sampler", "upscaler"),
    [
        ("sd1", "Euler", "Latent"),
        ("sd1", "DDIM", "Latent (bicubic antialiased)"),
        ("sd1", "Heun", "Latent (nearest)"),
        ("sd1", "UniPC", "Latent (bicubic)"),
        ("sd2", "DPM++ 2M", "Latent (antialiased)"),
        ("sd2", "Euler a", "Latent"),
        ("sdxl", "DPM++ 2M Karras", "Latent (nearest-exact)"),
        ("sdxl", "Euler a", "Latent"),
    ],
)
def test_a_second_pass_is_diffusers_image_to_image(
    renderer: Renderer, checkpoint: str, sampler: str, upscaler: str
) -> None:
    hires = Hires(SCALE, steps=2, strength=0.5, upscaler=upscaler)
    wanted = recipe(checkpoint, steps=2, sampler=sampler, hires=hires)
    pixels, _ = draw(renderer, wanted)
    assert pixels.shape == (96, 96, 3)
    assert np.array_equal(pixels, by_pipelines(wanted, hires))


def test_both_passes_share_calls_and_draw_the_same(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without guidance, since two rows share a call from the start."""
    both = [recipe(cfg_scale=1.0, seed=seed, hires=Hires(SCALE, strength=0.6)) for seed in (1, 2)]
    alone = [draw(renderer, each)[0] for each in both]
    shared: set[int] = set()

    def call(batch: Sequence[Denoising]) -> list[tuple[UNetInputs, torch.Tensor]]:
        if len(batch) > 1:
            shared.add(batch[0].latents.shape[-1])
        return call_unet(batch)

    monkeypatch.setattr("generation.engine.batching.loop.call_unet", call)
    with meeting(renderer, len(both)):
        together = draw_together(renderer, both)
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, np.ndarray)
        assert levels_apart(one, other)[0] <= 1
    assert shared == {8, 12}


def test_steps_are_counted_through_both_passes(renderer: Renderer) -> None:
    _, steps = draw(renderer, recipe(steps=2, hires=Hires(SCALE, steps=3, upscaler="Lanczos")))
    seen = [step.index for step in steps]
    assert seen == sorted(seen)
    assert (steps[-1].index, steps[-1].total) == (6, 6)


def test_a_strength_of_nothing_only_enlarges(renderer: Renderer) -> None:
    _, steps = draw(renderer, recipe(steps=2, hires=Hires(SCALE, strength=0)))
    assert max(step.total for step in steps) == 2


def test_networks_enlarge_between_the_passes(renderer: Renderer) -> None:
    plain, network = (
        draw(renderer, recipe(steps=2, hires=Hires(2, steps=1, strength=0.3, upscaler=name, upscaler_sha256=sha256)))[0]
        for name, sha256 in (("Lanczos", ""), ("2x-net", "net"))
    )
    assert plain.shape == network.shape == (128, 128, 3)
    assert not np.array_equal(plain, network)


def test_the_second_pass_has_its_own_words_and_sampler(renderer: Renderer) -> None:
    hires = Hires(SCALE, steps=2, strength=0.8)
    plain, worded, sampled = (
        draw(renderer, recipe(steps=2, hires=each))[0]
        for each in (
            hires,
            Hires(SCALE, steps=2, strength=0.8, prompt="a green dog"),
            Hires(SCALE, steps=2, strength=0.8, sampler="Euler a"),
        )
    )
    assert not np.array_equal(plain, worded) and not np.array_equal(plain, sampled)


def test_schedules_of_a_prompt_go_on_in_the_second_pass() -> None:
    """A1111: whole numbers count on from the first pass, fractions lie above 1."""
    assert schedule("[a:b:1.5]", 20) == [(20, "a")]
    assert schedule("[a:b:1.5]", 10, 20) == [(5, "a"), (10, "b")]
    assert schedule("[a:b:25]", 10, 20) == [(5, "a"), (10, "b")]
    assert schedule("[a:b:0.5]", 10, 20) == [(10, "b")]


def test_a_picture_of_a_second_pass_is_no_other_than_its_size_says(renderer: Renderer) -> None:
    pixels, _ = draw(renderer, recipe("mini", steps=1, width=128, height=64, hires=Hires(1.6, strength=0.2)))
    assert Image.fromarray(pixels).size == (200, 96)


def second_and_started(wanted: Recipe, **changes: Any) -> tuple[Pixels, list[Pixels]]:
    """A second pass over the recipe's picture, and what starts from that picture: as it is and with the changes."""
    with closing(Renderer(control_weights(), pictures(drawing()), device="cpu", threads=1)) as made:
        first = Image.fromarray(draw(made, wanted)[0]).resize((96, 96), Image.Resampling.LANCZOS)
        second, _ = draw(made, wanted.replace(hires=Hires(SCALE, steps=2, strength=0.5, upscaler="Lanczos")))
    started = wanted.replace(width=96, height=96, start=Start(reference(first), 0.5), inversion=None)
    with closing(Renderer(control_weights(), pictures(drawing(), first), device="cpu", threads=1)) as made:
        return second, [draw(made, each)[0] for each in (started, started.replace(**changes))]


@pytest.mark.parametrize(
    ("name", "part", "without"),
    [
        ("controls", (control(),), ()),
        ("variation", Variation(9, 0.5, (96, 64)), None),
        ("palette", Palette(("#00a6ed", "#321b41")), None),
        ("blend", Blend("a green dog", 0.4), None),
    ],
)
def test_it_has_all_that_the_first_has_in_its_own_size(name: str, part: Any, without: Any) -> None:
    """Control pictures and noises are as of a picture of that size."""
    second, (started, plain) = second_and_started(recipe(**{name: part}), **{name: without})
    assert np.array_equal(second, started) and not np.array_equal(second, plain)


def test_the_noise_behind_pictures_is_the_first_passs_alone() -> None:
    inversion = Inversion(Inverted(reference(drawing()), "a green dog"))
    second, (started, _) = second_and_started(recipe(inversion=inversion))
    assert np.array_equal(second, started)
