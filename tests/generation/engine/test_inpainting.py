"""Inpainting: equal to diffusers' pipelines below the mask, and the source to the bit around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generation.engine.inpainting import Inpainting
from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.imaging.canvas import filled
from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start
from tests.generation.engine.test_starting import NAMED, SOURCE, noisy_picture
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


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int], value: int = 255) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(value, box)
    return mask


LARGE = noisy_picture(128, 96, seed=2)
PICTURES = {
    "source": SOURCE,
    "mask": box_mask((64, 64), (13, 20, 45, 51)),
    "thin": box_mask((64, 64), (10, 11, 50, 13)),
    "half": box_mask((64, 64), (8, 8, 48, 48), 128),
    "empty": Image.new("L", (64, 64)),
    "large": LARGE,
    "corner": box_mask((128, 96), (90, 60, 118, 90)),
}
REFS = {name: PictureRef(f"{at:064x}", *picture.size) for at, (name, picture) in enumerate(PICTURES.items())}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    pictures = GivenPictures({REFS[name].sha256: picture for name, picture in PICTURES.items()})
    with closing(Renderer(every_weight(), pictures, device="cpu", threads=1)) as made:
        yield made


def inpaint(mask: str = "mask", checkpoint: str = "sd1", sampler: str = "Euler", **start: object) -> Recipe:
    wanted = {"strength": 0.75, "mask_blur": 0, "source": REFS["source"], "mask": REFS[mask], **start}
    return recipe(checkpoint, sampler=sampler, start=Start(**wanted))  # type: ignore[arg-type]


def below(mask: str) -> np.ndarray:
    """Where all of a picture is drawn, (H, W)."""
    where: np.ndarray = np.asarray(PICTURES[mask]) == 255
    return where


def assert_as_the_pipeline(renderer: Renderer, wanted: Recipe, source: Image.Image = SOURCE) -> None:
    """To the bit what the pipeline makes of `source` below the mask, and the recipe's own source around it."""
    pixels, pipeline = draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[source, PICTURES["mask"]])
    assert np.array_equal(pixels[below("mask")], pipeline[below("mask")])
    assert np.array_equal(pixels[~below("mask")], np.asarray(SOURCE)[~below("mask")])


@pytest.mark.parametrize("sampler", NAMED)
@pytest.mark.parametrize("checkpoint", ["sd1", "sd2", "sdxl", "sd1-inpainting", "sd2-inpainting", "sdxl-inpainting"])
def test_below_the_mask_it_equals_the_pipeline_to_the_bit(renderer: Renderer, checkpoint: str, sampler: str) -> None:
    """Every family, by ordinary checkpoints and by those with nine channels."""
    assert_as_the_pipeline(renderer, inpaint(checkpoint=checkpoint, sampler=sampler))


@pytest.mark.parametrize("sampler", NAMED)
def test_so_does_full_strength(renderer: Renderer, sampler: str) -> None:
    assert_as_the_pipeline(renderer, inpaint(sampler=sampler, strength=1.0))


@pytest.mark.parametrize("checkpoint", ["sd2", "sdxl", "sd1-inpainting", "sd2-inpainting", "sdxl-inpainting"])
def test_so_does_every_checkpoints_full_strength(renderer: Renderer, checkpoint: str) -> None:
    assert_as_the_pipeline(renderer, inpaint(checkpoint=checkpoint, sampler="Euler a", strength=1.0))


@pytest.mark.parametrize("start", [None, Start(REFS["source"])])
def test_an_inpainting_checkpoint_needs_a_mask(renderer: Renderer, start: Start | None) -> None:
    with pytest.raises(InvalidRecipe, match="needs a picture and a mask") as refused:
        draw(renderer, recipe("sd1-inpainting", start=start))
    assert refused.value.code == "needs-a-mask"


def test_an_empty_mask_is_refused(renderer: Renderer) -> None:
    with pytest.raises(InvalidRecipe, match="The mask is empty"):
        draw(renderer, inpaint("empty"))


def test_a_line_thinner_than_a_latent_is_drawn(renderer: Renderer) -> None:
    """Not only decoded: other words draw something else there."""
    first, second = (draw(renderer, inpaint("thin", strength=1.0).replace(prompt=text))[0] for text in ("a cat", "dog"))
    assert not np.array_equal(first[below("thin")], second[below("thin")])
    assert np.array_equal(first[~below("thin")], np.asarray(SOURCE)[~below("thin")])


def test_a_soft_mask_changes_less(renderer: Renderer) -> None:
    inside = np.asarray(PICTURES["half"]) > 0
    soft = draw(renderer, inpaint("half", strength=1.0))[0]
    full = draw(renderer, recipe(start=Start(REFS["source"], 1.0)))[0]
    change, all_of_it = (np.abs(pixels[inside] - np.asarray(SOURCE, float)[inside]).mean() for pixels in (soft, full))
    assert 0 < change < all_of_it
    assert np.array_equal(soft[~inside], np.asarray(SOURCE)[~inside])


def test_every_masked_content_begins_differently(renderer: Renderer) -> None:
    drawn = {
        content: draw(renderer, inpaint(masked_content=content, strength=0.5))[0]
        for content in ("original", "fill", "noise", "nothing")
    }
    assert len({pixels.tobytes() for pixels in drawn.values()}) == 4
    for pixels in drawn.values():
        assert np.array_equal(pixels[~below("mask")], np.asarray(SOURCE)[~below("mask")])


def test_a_filled_hole_is_what_is_drawn_over(renderer: Renderer) -> None:
    hole = below("mask")
    surroundings = Image.fromarray(filled(np.asarray(SOURCE), hole))
    assert_as_the_pipeline(renderer, inpaint(masked_content="fill"), surroundings)


def test_noise_or_nothing_is_below_the_mask_before_the_first_step(renderer: Renderer) -> None:
    """Along with as much noise as the first step says, as everywhere."""
    first: dict[str, torch.Tensor] = {}
    for content in ("original", "noise", "nothing"):
        wanted = inpaint(masked_content=content)
        with loaded(renderer) as checkpoint:
            made = renderer._prepare(wanted, checkpoint, renderer._canvas(wanted))
        first[content] = made.latents
    assert isinstance(made.start, Inpainting)
    hole = (made.start.mask >= 0.5).expand_as(made.latents)
    assert 0 < hole.float().mean() < 1
    clean, noise = (torch.where(hole, each, 0) for each in (made.start._clean, made.start._noise))
    assert torch.allclose(first["original"] - first["nothing"], clean, atol=1e-4)
    assert torch.allclose(first["noise"] - first["nothing"], noise, atol=1e-4)


def strangers() -> list[Recipe]:
    """With a mask, a soft one, the masked area alone, a whole picture and none."""
    area: dict[str, Any] = {"source": REFS["large"], "area": "masked", "padding": 8}
    return [
        inpaint(sampler="Euler a"),
        inpaint("half", strength=1.0).replace(seed=8),
        inpaint("corner", sampler="DDIM", **area).replace(seed=9),
        recipe(seed=10, start=Start(REFS["source"], 0.75)),
        recipe(seed=11),
    ]


@pytest.mark.parametrize("checkpoint", ["sd1", "sd1-inpainting"])
def test_strangers_share_calls(renderer: Renderer, monkeypatch: pytest.MonkeyPatch, checkpoint: str) -> None:
    monkeypatch.setattr("generation.engine.renderer.device_clock", lambda device: lambda: 0.0)
    wanted = [each.replace(checkpoint_sha256=checkpoint) for each in strangers()[: 5 if checkpoint == "sd1" else 3]]
    alone = [draw(renderer, each)[0] for each in wanted]
    with closing(Renderer(every_weight(), renderer._pictures, device="cpu", threads=1)) as roomy:
        with meeting(roomy, len(wanted)):
            together = draw_together(roomy, wanted)
        rows = roomy.metrics.snapshot().rows_by_call
    assert max(rows) > 2
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, np.ndarray) and levels_apart(one, other)[0] <= 1


def test_only_the_masked_area_is_drawn_at_full_size_and_put_back(renderer: Renderer) -> None:
    area: dict[str, Any] = {"source": REFS["large"], "area": "masked", "padding": 8, "mask_blur": 4}
    pixels, steps = draw(renderer, inpaint("corner", **area))
    outside = ~below("corner")
    assert pixels.shape == (96, 128, 3) and np.array_equal(pixels[outside], np.asarray(LARGE)[outside])
    assert (pixels[below("corner")] != np.asarray(LARGE)[below("corner")]).mean() > 0.5
    assert steps[-1].preview is not None


def test_outpainting_draws_the_new_ground_alone(renderer: Renderer) -> None:
    grown = Start(REFS["source"], 0.9, mask_blur=2, grow=(16, 0, 16, 32))
    pixels = draw(renderer, recipe(width=96, height=96, start=grown))[0]
    assert pixels.shape == (96, 96, 3) and np.array_equal(pixels[:64, 16:80], np.asarray(SOURCE))
    edge = np.asarray(SOURCE)[-1, 32]
    assert (pixels[70:, 48] != edge).any()


def test_new_ground_is_filled_from_the_edges_before_noise(renderer: Renderer) -> None:
    """Drawn to the bit as the pipeline draws the picture whose edges go on."""
    grown = Start(REFS["source"], mask_blur=0, grow=(16, 0, 16, 32))
    wanted = recipe(width=96, height=96, start=grown)
    edges = Image.fromarray(np.pad(np.asarray(SOURCE), ((0, 32), (16, 16), (0, 0)), mode="edge"))
    mask = Image.new("L", (96, 96), 255)
    mask.paste(0, (16, 0, 80, 64))
    pixels, pipeline = draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[edges, mask])
    new = np.asarray(mask) > 0
    assert np.array_equal(pixels[new], pipeline[new]) and np.array_equal(pixels[:64, 16:80], np.asarray(SOURCE))
