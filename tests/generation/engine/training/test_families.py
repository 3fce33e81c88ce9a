"""A LoRA of every family: learned, then drawn with by our engine and by diffusers, to the same picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.outcome import Pixels
from generation.engine.renderer import Renderer
from generation.recipes.picture import LoraPick, Recipe
from generation.weightfiles.classify import read_weightfile
from tests.generation.engine.training.lessons import recipe as training_recipe
from tests.generation.engine.training.lessons import run
from tests.renders import allow_numpy_copies, draw, draw_by_pipeline, levels_apart, pipeline, recipe
from tests.tiny_weights import tiny_checkpoint

PARTS = ("attention", "feed_forward", "convolution", "text_encoder")
STRONG = {"learning_rate": 0.02, "text_learning_rate": 0.02, "steps": 4}


@allow_numpy_copies
@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_the_engine_and_diffusers_draw_the_same(tmp_path: Path, family: str) -> None:
    file = run(tmp_path, training_recipe(parts=PARTS, **STRONG), family=family)[1][-1].file
    found = read_weightfile(file)
    assert (found.kind, found.family, found.rank, found.trigger_words) == ("lora", family, 2, ("cat",))
    wanted = recipe(family)
    plain, ours = drawn(family, file, wanted)
    with loaded_lora(family, file):
        theirs = draw_by_pipeline(wanted)
    assert levels_apart(ours, theirs)[0] <= 1
    assert levels_apart(ours, plain)[0] > 20, "the LoRA must be seen"


def drawn(family: str, file: Path, wanted: Recipe) -> tuple[Pixels, Pixels]:
    """Without the LoRA, and with it."""
    renderer = Renderer(FolderWeights({family: tiny_checkpoint(family), "taught": file}), device="cpu", threads=1)
    try:
        picked = wanted.replace(loras=(LoraPick("taught", 1.0, sha256="taught"),))
        return draw(renderer, wanted)[0], draw(renderer, picked)[0]
    finally:
        renderer.close()


@contextmanager
def loaded_lora(family: str, file: Path) -> Iterator[None]:
    pipe = pipeline(tiny_checkpoint(family))
    pipe.load_lora_weights(str(file))
    try:
        yield
    finally:
        pipe.unload_lora_weights()
