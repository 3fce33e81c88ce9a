"""Control pictures from networks of transformers, and masks from SAM; what runs away is our fault and says so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from generation.engine.outcome import RenderError
from generation.engine.renderer import Renderer
from generation.imaging.clicks import Box, Click
from tests.control_renders import control, control_weights, drawing, pictures
from tests.renders import allow_numpy_copies, draw, recipe

pytestmark = allow_numpy_copies


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(control_weights(), pictures(drawing()), device="cpu", threads=1)
    yield made
    made.close()


@pytest.mark.parametrize("annotator", ["depth", "pose"])
def test_what_an_annotator_sees_is_what_the_controlnet_reads(renderer: Renderer, annotator: str) -> None:
    seen = renderer.annotators.see(annotator, np.asarray(drawing()))
    assert seen.shape == (64, 64, 3) and seen.dtype == np.uint8
    pick = control(preprocessor=annotator, annotator_sha256=annotator)
    read = renderer._controls._pictures.of(pick, (64, 64))
    assert np.array_equal(read, seen)
    assert not np.array_equal(draw(renderer, recipe(controls=(pick,)))[0], draw(renderer, recipe())[0])


@pytest.mark.parametrize("annotator", ["depth", "depth-anything"])
def test_depth_is_grey_over_its_whole_range(renderer: Renderer, annotator: str) -> None:
    seen = renderer.annotators.see(annotator, np.asarray(drawing().resize((96, 64))))
    assert seen.shape == (64, 96, 3)
    assert np.array_equal(seen[..., 0], seen[..., 1]) and (seen.min(), seen.max()) == (0, 255)


def test_an_annotator_that_runs_away_is_our_fault(renderer: Renderer) -> None:
    with renderer._checkpoints.lease_annotator("depth") as annotator:
        weight = next(annotator.network.head.parameters())
        before = weight.clone()
        weight.fill_(torch.nan)
        try:
            with pytest.raises(RenderError, match="tiny-depth") as caught:
                renderer.annotators.see("depth", np.asarray(drawing("nan")))
        finally:
            weight.copy_(before)
    assert caught.value.code == "annotator-not-finite"


@pytest.mark.parametrize(
    ("clicks", "box"),
    [([Click(20, 20)], None), ([], Box(8, 8, 40, 40)), ([Click(20, 20), Click(60, 60, False)], Box(8, 8, 40, 40))],
)
def test_sam_selects_by_clicks_and_box(renderer: Renderer, clicks: list[Click], box: Box | None) -> None:
    mask = renderer.annotators.select("sam", np.asarray(drawing().resize((96, 64))), clicks, box)
    assert mask.shape == (64, 96) and set(np.unique(mask)) <= {0, 255}


def test_sam_answers_to_where_was_clicked(renderer: Renderer) -> None:
    pixels = np.asarray(drawing())
    first, second = (renderer.annotators.select("sam", pixels, [Click(*place)]) for place in ((4, 4), (60, 50)))
    assert not np.array_equal(first, second)


def test_each_is_used_for_its_own_task(renderer: Renderer) -> None:
    with pytest.raises(RenderError) as caught:
        renderer.annotators.see("sam", np.asarray(drawing()))
    assert caught.value.code == "wrong-kind"
    with pytest.raises(RenderError):
        renderer.annotators.select("depth", np.asarray(drawing()), [Click(1, 1)])
