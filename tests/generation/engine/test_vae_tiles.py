"""A VAE in tiles says what it says of the whole: at most 1 of 255 levels apart, away from edges and at them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from generation.engine import vae_tiles
from generation.engine.outcome import Pixels
from generation.engine.previews import _drawn_pictures
from generation.engine.renderer import Renderer
from tests.generation.engine.test_starting import PICTURES, start
from tests.renders import allow_numpy_copies, draw, every_weight, levels_apart, recipe
from tests.tiny_weights import BUNDLED_CHECKPOINT, tiny_vae

pytestmark = allow_numpy_copies
SIDE = 256


@pytest.fixture(scope="module", params=["bundled", "random"])
def vae(request: pytest.FixtureRequest) -> Any:
    folder = BUNDLED_CHECKPOINT / "vae" if request.param == "bundled" else tiny_vae()
    return AutoencoderKL.from_pretrained(folder).eval()


@pytest.fixture(scope="module", params=["drawn", "noise"])
def picture(request: pytest.FixtureRequest) -> Tensor:
    """Smooth fields with hard edges, or of every pixel another colour, whose statistics no few samples tell."""
    if request.param == "drawn":
        return torch.from_numpy(_drawn_pictures(1, SIDE) * 2 - 1)
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1


def levels(image: Tensor) -> Tensor:
    return ((image * 0.5 + 0.5).clamp(0, 1) * 255).round()


@torch.inference_mode()
def test_tiles_are_what_the_whole_is(vae: Any, picture: Tensor) -> None:
    said = vae.encode(picture).latent_dist
    whole, tiled = vae.decode(said.mean).sample, vae_tiles.decode_in_tiles(vae, said.mean, 48)
    assert len(vae_tiles._along(SIDE // vae_tiles.UNIT, 48)) > 1
    assert (levels(whole) - levels(tiled)).abs().max() <= 1
    in_tiles = vae_tiles.encode_in_tiles(vae, picture, 48)
    assert torch.allclose(in_tiles.mean, said.mean, atol=1e-4) and torch.allclose(in_tiles.std, said.std, rtol=1e-3)
    assert (levels(vae.decode(in_tiles.mean).sample) - levels(whole)).abs().max() <= 1


def test_a_large_picture_is_encoded_and_decoded_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    tiled: list[int] = []
    along = vae_tiles._along
    monkeypatch.setattr(vae_tiles, "_along", lambda *given: tiled.append(given[0]) or along(*given))  # type: ignore[func-returns-value]

    def reconstruction() -> Pixels:
        with closing(Renderer(every_weight(), PICTURES, device="cpu", threads=1)) as renderer:
            return draw(renderer, recipe(start=start(0.0)))[0]

    whole = reconstruction()
    assert not tiled
    monkeypatch.setattr(vae_tiles, "LARGEST_WHOLE", 64 * 64 - 1)
    assert levels_apart(whole, reconstruction())[0] <= 1
    assert tiled == [16, 16, 16, 16, 32, 32]


@torch.inference_mode()
def test_norms_are_themselves_again_afterwards(vae: Any, picture: Tensor) -> None:
    latents = vae.encode(picture).latent_dist.mean
    before = vae.decode(latents).sample
    vae_tiles.decode_in_tiles(vae, latents, 48)
    assert torch.equal(vae.decode(latents).sample, before)


def test_tiles_keep_each_pixel_once() -> None:
    for length in (10, 48, 49, 100, 333):
        tiles = vae_tiles._along(length, 48)
        assert (tiles[0].first, tiles[-1].last) == (0, length)
        for before, after in zip(tiles, tiles[1:], strict=False):
            assert before.last == after.first
            assert min(before.end - before.last, after.first - after.start) >= vae_tiles.MARGIN
            assert before.end - before.start == after.end - after.start <= 48


def test_only_large_pictures_are_tiled() -> None:
    assert not vae_tiles.is_large(1024, 1536)
    assert vae_tiles.is_large(2048, 2048)
