"""Palettes in the engine: what a nudge is, and that pictures come out in the colours asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch

from generation.engine.denoising import DenoisedPrediction
from generation.engine.outcome import Pixels
from generation.engine.palette import ColourMap, PaletteGuide
from generation.engine.previews import SD1_MAP
from generation.engine.renderer import Renderer
from generation.recipes.palette import Palette
from tests.renders import allow_numpy_copies, draw, draw_together, every_weight, levels_apart, loaded, recipe

pytestmark = allow_numpy_copies

TEAL = Palette(("#1e6b6b", "#0d2b45"), 1.0)


@pytest.fixture(scope="module")
def colours() -> ColourMap:
    return ColourMap.of(SD1_MAP, 4, torch.device("cpu"))


def test_the_map_back_undoes_the_map(colours: ColourMap) -> None:
    assert torch.allclose(colours.to_rgb @ colours.back, torch.eye(3), atol=1e-5)
    assert torch.allclose(colours.to_rgb * 127.5, torch.from_numpy(SD1_MAP.matrix[:, :-1]), atol=1e-4)


def test_a_whole_nudge_reaches_the_colour(colours: ColourMap) -> None:
    latents = torch.randn(1, 4, 5, 7, generator=torch.Generator().manual_seed(1))
    change = PaletteGuide(Palette(("#ff8000",), 1.0), colours).change(latents, 1.0)
    rgb = colours.to_rgb @ (latents + change).reshape(4, -1) + colours.bias
    assert torch.allclose(rgb, torch.tensor([[1.0], [128 / 127.5 - 1], [-1.0]]).expand(3, 35), atol=1e-4)


def test_it_fades_with_strength_and_noise(colours: ColourMap) -> None:
    latents = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    whole = PaletteGuide(Palette(("#ff8000",), 1.0), colours).change(latents, 1.0)
    half = PaletteGuide(Palette(("#ff8000",), 0.5), colours).change(latents, 0.5)
    assert torch.allclose(half, whole / 4) and not whole.isnan().any()


def test_each_pixel_goes_to_the_colour_that_is_near(colours: ColourMap) -> None:
    black, white = (colours.back @ (torch.full((3, 1), shade) - colours.bias) for shade in (-0.8, 0.8))
    latents = torch.stack([black, white], dim=-1).reshape(1, 4, 1, 2)
    change = PaletteGuide(Palette(("#000000", "#ffffff"), 1.0), colours).change(latents, 1.0)
    rgb = colours.to_rgb @ (latents + change).reshape(4, -1) + colours.bias
    assert float(rgb[:, 0].max()) < -0.9 and float(rgb[:, 1].min()) > 0.9


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
def test_a_moved_prediction_points_to_the_moved_picture(prediction_type: str) -> None:
    draws = torch.Generator().manual_seed(1)
    sample, prediction, change = (torch.randn(1, 4, 3, 3, generator=draws) for _ in range(3))
    before = DenoisedPrediction(sample, prediction, 0.4, prediction_type)
    after = DenoisedPrediction(sample, before.moved(change), 0.4, prediction_type)
    assert torch.allclose(after.latents(), before.latents() + change, atol=1e-5)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as made:
        yield made


def distance(pixels: Pixels, palette: Palette) -> float:
    """From each pixel to the nearest colour, in levels."""
    apart = pixels[:, :, None].astype(float) - np.array(palette.rgb)
    return float(np.sqrt((apart**2).sum(-1)).min(-1).mean())


def test_a_picture_comes_out_in_its_palette(renderer: Renderer) -> None:
    wanted = recipe("mini", prompt="a red apple", width=128, height=128, steps=8, cfg_scale=4.0)
    plain, weak, strong = (
        draw(renderer, wanted.replace(palette=palette))[0] for palette in (None, Palette(TEAL.colours, 0.1), TEAL)
    )
    assert distance(strong, TEAL) < 0.6 * distance(plain, TEAL)
    assert distance(strong, TEAL) < distance(weak, TEAL) < distance(plain, TEAL)


@pytest.mark.parametrize("sampler", ["DPM++ 2M Karras", "Heun", "UniPC", "LCM"])
def test_every_kind_of_sampler_heeds_it(renderer: Renderer, sampler: str) -> None:
    wanted = recipe("mini", prompt="a red apple", steps=6, sampler=sampler)
    plain, coloured = draw(renderer, wanted)[0], draw(renderer, wanted.replace(palette=TEAL))[0]
    assert distance(coloured, TEAL) < 0.85 * distance(plain, TEAL)


def test_rows_with_a_palette_share_calls_with_others(renderer: Renderer) -> None:
    wanted = [recipe(), recipe(palette=TEAL), recipe("sd2", palette=TEAL), recipe("sdxl", palette=TEAL)]
    alone = [draw(renderer, each)[0] for each in wanted]
    assert levels_apart(alone[0], alone[1])[0] > 1
    for together, each in zip(draw_together(renderer, wanted), alone, strict=True):
        assert isinstance(together, np.ndarray) and levels_apart(together, each)[0] <= 1


def test_a_vae_of_its_own_has_a_map_of_its_own(renderer: Renderer) -> None:
    """Of the bundled checkpoint the map is fitted, and looks at neighbours."""
    with loaded(renderer, "mini") as checkpoint:
        from generation.engine.previews import preview_map

        made = ColourMap.of(preview_map("mini", checkpoint.vae), 4, torch.device("cpu"))
    assert made.to_rgb.shape == (3, 4) and torch.isfinite(made.back).all()
