"""A VAE in tiles says what it says of the whole: at most 2 of 255 levels apart, away from edges and at them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from generation.engine import vae_tiles
from generation.engine.previews import _drawn_pictures
from tests.tiny_weights import BUNDLED_CHECKPOINT

SIDE = 256


@pytest.fixture(scope="module")
def vae() -> Any:
    return AutoencoderKL.from_pretrained(BUNDLED_CHECKPOINT / "vae").eval()


@pytest.fixture(scope="module")
def picture() -> Tensor:
    return torch.from_numpy(_drawn_pictures(1, SIDE) * 2 - 1)


def levels(image: Tensor) -> Tensor:
    return ((image * 0.5 + 0.5).clamp(0, 1) * 255).round()


@torch.inference_mode()
def test_decoding_in_tiles_is_decoding(vae: Any, picture: Tensor) -> None:
    latents = vae.encode(picture).latent_dist.mean
    whole, tiled = vae.decode(latents).sample, vae_tiles.decode_in_tiles(vae, latents, 48)
    assert len(vae_tiles._along(SIDE // vae_tiles.UNIT, 48)) > 1
    assert (levels(whole) - levels(tiled)).abs().max() <= 2


@torch.inference_mode()
def test_encoding_in_tiles_is_encoding(vae: Any, picture: Tensor) -> None:
    whole = vae.encode(picture).latent_dist
    tiled = vae_tiles.encode_in_tiles(vae, picture, 48)
    decoded = [levels(vae.decode(each.mean).sample) for each in (whole, tiled)]
    assert (decoded[0] - decoded[1]).abs().max() <= 2


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
            assert before.start + 48 - before.last >= vae_tiles.MARGIN // 2


def test_only_large_pictures_are_tiled() -> None:
    assert not vae_tiles.is_large(1024, 1536)
    assert vae_tiles.is_large(2048, 2048)
