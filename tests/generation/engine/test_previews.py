"""Previews: what the sampler expects, seen through a linear map; from noise to a likeness, for every sampler."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from generation.engine.denoising import DenoisedPrediction
from generation.engine.loading.checkpoints import CheckpointCache
from generation.engine.outcome import Pixels
from generation.engine.previews import MAPS, SD1_MAP, SDXL_MAP, LinearMap, _fitted, preview_map
from generation.engine.renderer import Renderer
from generation.recipes.sampling import SAMPLERS
from tests.renders import allow_numpy_copies, draw, every_weight, recipe
from tests.tiny_weights import BUNDLED_CHECKPOINT, tiny_vae_network

pytestmark = allow_numpy_copies


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(every_weight(), device="cpu", threads=1)
    yield made
    made.close()


def likeness(preview: Pixels, picture: Pixels) -> float:
    """The mean difference in levels of 255 from the picture shrunk to the preview's size."""
    shrunk = Image.fromarray(picture).resize(preview.shape[1::-1], Image.Resampling.BOX)
    return float(np.abs(np.asarray(shrunk, float) - preview).mean())


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_preview_is_like_the_picture(renderer: Renderer, sampler: str) -> None:
    """The formula needs no word from the sampler: it reads what the UNet saw and said. (PLMS leaves some noise.)"""
    wanted = recipe("mini", prompt="a red apple", sampler=sampler, steps=10, cfg_scale=4, width=128, height=128)
    picture, steps = draw(renderer, wanted)
    last = steps[-1].preview
    assert last is not None and last.dtype == np.uint8
    assert likeness(last, picture) < 20


def test_previews_come_nearer_to_the_picture(renderer: Renderer) -> None:
    wanted = recipe("mini", prompt="a blue car", steps=20, cfg_scale=4, width=128, height=128)
    picture, steps = draw(renderer, wanted)
    distances = [likeness(step.preview, picture) for step in steps if step.preview is not None]
    assert distances[-1] < distances[0]
    assert distances[len(distances) // 2] < 30, "half-way one sees what it will be"


@pytest.mark.parametrize(("family", "scale"), [("sd1", 1), ("sd2", 1), ("sdxl", 1), ("mini", 2)])
def test_previews_are_as_small_as_latents(renderer: Renderer, family: str, scale: int) -> None:
    _, steps = draw(renderer, recipe(family, width=96, height=64))
    assert {step.preview.shape for step in steps if step.preview is not None} == {(8 * scale, 12 * scale, 3)}


@pytest.mark.parametrize("map_", [SD1_MAP, SDXL_MAP], ids=["sd1", "sdxl"])
def test_tables_turn_no_latent_into_a_middle_grey(map_: LinearMap) -> None:
    pixels = map_(torch.zeros(1, 4, 2, 3))
    assert pixels.shape == (2, 3, 3)
    assert (pixels > 100).all() and (pixels < 160).all()
    assert set(MAPS) == {"sd1", "sd2", "sdxl"}


def test_a_fitted_map_undoes_its_vae() -> None:
    """Seen on pictures it was not fitted to: the bundled VAE's latents of plain colours."""
    vae = AutoencoderKL.from_pretrained(BUNDLED_CHECKPOINT / "vae", dtype=torch.float32)
    for colour in ([255, 255, 255], [220, 40, 40], [40, 60, 200], [30, 160, 80]):
        picture = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 64, 64) / 127.5 - 1
        with torch.inference_mode():
            latents = vae.encode(picture).latent_dist.mode() * vae.config.scaling_factor
        assert np.abs(preview_map("mini", vae)(latents)[4:-4, 4:-4].astype(int) - colour).mean() < 25


def test_a_map_is_fitted_once_and_goes_with_its_vae() -> None:
    vae = tiny_vae_network(0.18215).eval()
    assert preview_map("mini", vae) is preview_map("mini", vae)
    kept = len(_fitted)
    del vae
    gc.collect()
    assert len(_fitted) == kept - 1


def test_a_preview_that_fails_costs_nobody_the_picture(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise torch.OutOfMemoryError("no memory for a preview")

    expected, _ = draw(renderer, recipe())
    monkeypatch.setattr(DenoisedPrediction, "latents", broken)
    picture, steps = draw(renderer, recipe())
    assert np.array_equal(picture, expected)
    assert steps and all(step.preview is None for step in steps)


def test_the_map_is_there_when_its_checkpoint_is_loaded() -> None:
    cache = CheckpointCache(every_weight(), budget_bytes=0)
    with cache.lease("mini") as own, cache.lease("mini", "vae") as other:
        assert own.vae in _fitted and other.vae in _fitted


def test_a_vae_that_no_map_fits_still_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(vae: object) -> None:
        raise np.linalg.LinAlgError("singular matrix")

    monkeypatch.setattr("generation.engine.previews.fit", broken)
    with CheckpointCache(every_weight(), budget_bytes=0).lease("mini") as checkpoint:
        assert checkpoint.family.key == "mini"


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
def test_predicted_latents_invert_the_forward_process(prediction_type: str) -> None:
    """x_t = sqrt(a) x_0 + sqrt(1 - a) e (Ho et al. 2020); v = sqrt(a) e - sqrt(1 - a) x_0 (Salimans and Ho 2022)."""
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    signal, spread = 0.3**0.5, 0.7**0.5
    said = {"epsilon": noise, "v_prediction": signal * noise - spread * clean, "sample": clean}[prediction_type]
    denoised = DenoisedPrediction(signal * clean + spread * noise, said, 0.3, prediction_type)
    assert torch.allclose(denoised.latents(), clean, atol=1e-5)
