"""Palettes in the engine: what a nudge is, and that pictures come out in the colours asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch

from generation.engine.denoising import DenoisedPrediction
from generation.engine.outcome import Pixels
from generation.engine.palette import KNEE, ColourMap, PaletteGuide
from generation.engine.previews import SD1_MAP
from generation.engine.renderer import Renderer
from generation.recipes.palette import Palette
from tests.renders import allow_numpy_copies, draw, draw_together, every_weight, levels_apart, loaded, recipe

pytestmark = allow_numpy_copies

BLUES = Palette(("#00a6ed", "#321b41", "#cdc4d6"), 1.0)


@pytest.fixture(scope="module")
def colours() -> ColourMap:
    return ColourMap.of(SD1_MAP, 4, torch.device("cpu"))


def test_the_map_back_undoes_the_map(colours: ColourMap) -> None:
    assert torch.allclose(colours.to_rgb @ colours.back, torch.eye(3), atol=1e-5)
    assert torch.allclose(colours.to_rgb * 127.5, torch.from_numpy(SD1_MAP.matrix[:, :-1]), atol=1e-4)


def test_a_whole_nudge_brings_areas_to_the_colour_and_keeps_their_details(colours: ColourMap) -> None:
    latents = torch.randn(1, 4, 5, 7, generator=torch.Generator().manual_seed(1))
    guide = PaletteGuide(Palette(("#ff8000",), 1.0), colours)
    before, after = (
        colours.to_rgb @ each.reshape(4, -1) + colours.bias for each in (latents, latents + guide.change(latents, 1.0))
    )
    orange = torch.tensor([[1.0], [128 / 127.5 - 1], [-1.0]])
    detail = before[:, 9] - before.reshape(3, 5, 7)[:, :3, 1:4].flatten(1).mean(1)
    assert torch.allclose(after[:, 9] - orange[:, 0], detail, atol=1e-4)
    even = latents[..., :1, :1].expand(1, 4, 5, 7)
    reached = colours.to_rgb @ (even + guide.change(even, 1.0)).reshape(4, -1) + colours.bias
    assert torch.allclose(reached, orange.expand(3, 35), atol=1e-4)


def test_it_fades_with_strength_and_with_the_last_noise(colours: ColourMap) -> None:
    latents = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    whole = PaletteGuide(Palette(("#ff8000",), 1.0), colours).change(latents, 1.0)
    half = PaletteGuide(Palette(("#ff8000",), 0.5), colours)
    assert torch.allclose(half.change(latents, 0.5), 0.875 * whole, atol=1e-6) and not whole.isnan().any()
    assert torch.allclose(half.change(latents, KNEE / 3), 0.875 / 3 * whole, atol=1e-6)


def test_each_pixel_goes_to_the_colour_that_is_near(colours: ColourMap) -> None:
    black, white = (colours.back @ (torch.full((3, 1), shade) - colours.bias) for shade in (-0.8, 0.8))
    latents = torch.cat([black.expand(4, 3), white.expand(4, 3)], dim=1).reshape(1, 4, 1, 6)
    change = PaletteGuide(Palette(("#000000", "#ffffff"), 1.0), colours).change(latents, 1.0)
    rgb = colours.to_rgb @ (latents + change).reshape(4, -1) + colours.bias
    assert float(rgb[:, :2].max()) < -0.95 and float(rgb[:, 4:].min()) > 0.95


def test_areas_go_by_their_lightness_first(colours: ColourMap) -> None:
    """A red of middle lightness becomes a blue like it, though a dark brown has more of its hue."""
    red = colours.back @ (torch.tensor([[0.9], [-0.3], [-0.4]]) - colours.bias)
    blue = torch.tensor([0x2E, 0x7B, 0xE0]) / 127.5 - 1
    latents = red.expand(4, 9).reshape(1, 4, 3, 3)
    change = PaletteGuide(Palette(("#2e7be0", "#3a1410"), 1.0), colours).change(latents, 1.0)
    rgb = colours.to_rgb @ (latents + change).reshape(4, -1) + colours.bias
    assert float((rgb - blue[:, None]).abs().max()) < 0.2


def test_what_is_hardly_darker_than_its_ground_gets_another_colour(colours: ColourMap) -> None:
    """A light green on white, where every colour but the lightest is far from both."""
    green, white = (
        colours.back @ (torch.tensor(rgb)[:, None] - colours.bias) for rgb in ([0.0, 0.7, -0.6], [1.0, 1.0, 1.0])
    )
    latents = torch.cat([green.expand(4, 16), white.expand(4, 16)], dim=1).reshape(1, 4, 8, 4)
    change = PaletteGuide(BLUES, colours).change(latents, 1.0)
    rgb = (colours.to_rgb @ (latents + change).reshape(4, -1) + colours.bias).reshape(3, 8, 4)
    luma = torch.tensor([0.299, 0.587, 0.114])
    assert float(luma @ rgb[:, 0, 0]) < float(luma @ rgb[:, 7, 0]) - 0.3


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
        draw(renderer, wanted.replace(palette=palette))[0] for palette in (None, Palette(BLUES.colours, 0.1), BLUES)
    )
    assert distance(strong, BLUES) < 0.6 * distance(plain, BLUES)
    assert distance(strong, BLUES) < distance(weak, BLUES) < distance(plain, BLUES)


@pytest.mark.parametrize("sampler", ["DPM++ 2M Karras", "Heun", "UniPC", "LCM"])
def test_every_kind_of_sampler_heeds_it(renderer: Renderer, sampler: str) -> None:
    wanted = recipe("mini", prompt="a red apple", steps=6, sampler=sampler)
    plain, coloured = draw(renderer, wanted)[0], draw(renderer, wanted.replace(palette=BLUES))[0]
    assert distance(coloured, BLUES) < 0.85 * distance(plain, BLUES)


def test_rows_with_a_palette_share_calls_with_others(renderer: Renderer) -> None:
    wanted = [recipe(), recipe(palette=BLUES), recipe("sd2", palette=BLUES), recipe("sdxl", palette=BLUES)]
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
