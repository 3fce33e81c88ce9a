"""Inpainting: equal to diffusers' pipelines below the mask, and the source to the bit around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start
from tests.generation.engine.test_starting import SOURCE, noisy_picture
from tests.renders import allow_numpy_copies, draw, draw_by_pipeline, every_weight, recipe

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


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "DDIM", "UniPC", "Heun"])
@pytest.mark.parametrize("strength", [0.75, 1.0])
def test_below_the_mask_it_equals_the_pipeline_to_the_bit(renderer: Renderer, sampler: str, strength: float) -> None:
    wanted = inpaint(sampler=sampler, strength=strength)
    pixels, pipeline = draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE, PICTURES["mask"]])
    assert np.array_equal(pixels[below("mask")], pipeline[below("mask")])
    assert np.array_equal(pixels[~below("mask")], np.asarray(SOURCE)[~below("mask")])


@pytest.mark.parametrize("checkpoint", ["sd2", "sdxl", "sd1-inpainting", "sdxl-inpainting"])
@pytest.mark.parametrize("strength", [0.75, 1.0])
def test_every_family_and_inpainting_checkpoints_do(renderer: Renderer, checkpoint: str, strength: float) -> None:
    wanted = inpaint(checkpoint=checkpoint, sampler="Euler a", strength=strength)
    pixels, pipeline = draw(renderer, wanted)[0], draw_by_pipeline(wanted, pictures=[SOURCE, PICTURES["mask"]])
    assert np.array_equal(pixels[below("mask")], pipeline[below("mask")])
    assert np.array_equal(pixels[~below("mask")], np.asarray(SOURCE)[~below("mask")])


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
