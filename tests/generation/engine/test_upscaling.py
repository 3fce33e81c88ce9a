"""Upscales: Lanczos is Pillow's, networks draw in tiles what they draw in one go, and tiles are drawn over alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.engine import upscaling
from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.loading.upscalers import UpscalingNetwork, load_upscaler
from generation.engine.outcome import RenderError, WeightsRefused
from generation.engine.picturesource import GivenPictures
from generation.engine.refining import Refinement
from generation.engine.renderer import Renderer
from generation.engine.upscaling import Upscale, through
from generation.recipes.enlarging import Enlarge
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start
from generation.weightfiles.upscalers import UpscalerShape
from tests.renders import allow_numpy_copies, checkpoint_folder, draw, draw_by_pipeline, recipe
from tests.tiny_upscalers import COMPACT, FOLDED, RRDB, as_old, as_oldest, tensors_of, write

pytestmark = allow_numpy_copies
SHA256 = "a" * 64
SIZE = (90, 61)


def a_picture(size: tuple[int, int] = SIZE) -> Image.Image:
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    folder = Path(tmp_path_factory.mktemp("upscalers"))
    network = write(folder / "2x-net.safetensors", tensors_of(RRDB))
    broken = write(
        folder / "nan.safetensors", {name: torch.full_like(t, torch.nan) for name, t in tensors_of(RRDB).items()}
    )
    weights = FolderWeights({"sd1": checkpoint_folder("sd1"), "net": network, "nan": broken})
    with closing(Renderer(weights, GivenPictures({SHA256: a_picture()}), device="cpu", threads=1)) as made:
        yield made


def enlarge(**more: object) -> Enlarge:
    return Enlarge(PictureRef(SHA256, *SIZE), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (replace(RRDB, growth=32), [0.1029, 0.0001, -0.0271]),
        (replace(FOLDED, growth=32), [0.0383, -0.0218, -0.1463]),
        (COMPACT, [0.1475, 0.4796, 0.4960]),
    ],
)
def test_networks_say_what_spandrel_says(shape: UpscalerShape, expected: list[float]) -> None:
    """The numbers are spandrel's (0.4.2), which takes RRDB with a growth of 32 only."""
    ramp = torch.linspace(0, 1, 3 * 12 * 10).reshape(1, 3, 12, 10)
    made = UpscalingNetwork(shape, tensors_of(shape))(ramp)
    assert made.shape == (1, 3, 12 * shape.scale, 10 * shape.scale)
    assert made[0, :, 11, 8].tolist() == pytest.approx(expected, abs=1e-4)


def test_lanczos_is_pillows(renderer: Renderer) -> None:
    pixels, steps = draw(renderer, Recipe("", enlarge=enlarge(scale=1.5)))
    assert np.array_equal(pixels, np.asarray(a_picture().resize((135, 92), Image.Resampling.LANCZOS)))
    assert [(step.index, step.total) for step in steps] == [(1, 1)]


@pytest.mark.parametrize("name", [as_old, as_oldest])
def test_every_way_of_naming_is_the_same_network(tmp_path: Path, name: object) -> None:
    assert callable(name)
    plain, other = (
        load_upscaler(
            write(tmp_path / f"{place}.safetensors", tensors), device=torch.device("cpu"), dtype=torch.float32
        )
        for place, tensors in enumerate((tensors_of(RRDB), name(tensors_of(RRDB))))
    )
    pixels = np.asarray(a_picture())
    assert np.array_equal(through(plain, pixels), through(other, pixels))


@pytest.mark.parametrize("shape", [RRDB, FOLDED, COMPACT])
def test_tiles_are_what_the_whole_is(monkeypatch: pytest.MonkeyPatch, shape: UpscalerShape) -> None:
    """At most 2 of 255 levels away: what a network says of a pixel hardly depends on what lies far from it."""
    network = UpscalingNetwork(shape, tensors_of(shape))
    whole = through(network, np.asarray(a_picture()))
    monkeypatch.setattr(upscaling, "TILE_SIDE", 32)
    upscale = Upscale(a_picture(), (SIZE[0] * shape.scale, SIZE[1] * shape.scale), network)
    assert len(list(upscale.tiles())) == 6
    assert np.abs(upscale.result.astype(int) - whole).max() <= 2
    assert len(np.unique(whole)) > 20


def test_tiles_of_folded_pixels_begin_at_whole_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tiles' side; a tile that began between two folds would be another picture to the network."""
    network = UpscalingNetwork(FOLDED, tensors_of(FOLDED))
    whole = through(network, np.asarray(a_picture()))
    monkeypatch.setattr(upscaling, "TILE_SIDE", 23)
    upscale = Upscale(a_picture(), (SIZE[0] * 2, SIZE[1] * 2), network)
    assert any(box.left // 2 % 2 for box in upscale.boxes) and len(list(upscale.tiles())) == 12
    assert np.abs(upscale.result.astype(int) - whole).max() <= 2


def test_other_scales_than_the_networks_are_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    network = UpscalingNetwork(RRDB, tensors_of(RRDB))
    size = (135, 92)
    whole = np.asarray(
        Image.fromarray(through(network, np.asarray(a_picture()))).resize(size, Image.Resampling.LANCZOS)
    )
    monkeypatch.setattr(upscaling, "TILE_SIDE", 32)
    upscale = Upscale(a_picture(), size, network)
    list(upscale.tiles())
    assert np.abs(upscale.result.astype(int) - whole).mean() < 1


def test_a_network_that_makes_nan_fails_by_name(renderer: Renderer) -> None:
    with pytest.raises(RenderError) as failed:
        draw(renderer, Recipe("", enlarge=enlarge(upscaler="nan", upscaler_sha256="nan")))
    assert failed.value.code == "not-finite"


def test_a_network_that_is_gone_is_refused(renderer: Renderer) -> None:
    with pytest.raises(WeightsRefused) as refused:
        draw(renderer, Recipe("", enlarge=enlarge(upscaler="gone", upscaler_sha256="gone")))
    assert refused.value.code == "missing-weights"


def test_a_picture_is_drawn_over_in_tiles(renderer: Renderer) -> None:
    wanted = recipe(steps=2, enlarge=enlarge(upscaler="net", upscaler_sha256="net", strength=0.5, overlap=16))
    tiles = len(enlarge(strength=0.5, overlap=16).tiles(64, 64))
    pixels, steps = draw(renderer, wanted)
    plain, _ = draw(renderer, wanted.replace(enlarge=enlarge(upscaler="net", upscaler_sha256="net")))
    assert pixels.shape == plain.shape == (122, 180, 3)
    assert not np.array_equal(pixels, plain)
    assert (steps[-1].index, steps[-1].total) == (1 + tiles, 1 + tiles)


def test_a_tile_is_drawn_over_as_the_pipeline_draws_a_picture(renderer: Renderer) -> None:
    """Of a result that is one tile; to the bit."""
    wanted = recipe(width=176, height=120, steps=2, enlarge=enlarge(scale=1.96, strength=0.5))
    assert wanted.size == (176, 120) and len(enlarge(scale=1.96).tiles(176, 120)) == 1
    larger = a_picture().resize(wanted.size, Image.Resampling.LANCZOS)
    started = wanted.replace(enlarge=None, start=Start(PictureRef(SHA256, *wanted.size), 0.5))
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(started, pictures=[larger]))


def test_tiles_that_change_nothing_leave_the_picture() -> None:
    pixels = np.asarray(a_picture((180, 122)))
    refinement = Refinement(recipe(), enlarge(strength=0.5, overlap=16), pixels)
    for tiles in refinement.rounds():
        for tile in tiles:
            frame = refinement.canvas(tile).frame
            assert frame.shape == (64, 64, 3)
            refinement.take(tile, frame)
    assert refinement.left == 0
    assert np.array_equal(refinement.result, pixels)
