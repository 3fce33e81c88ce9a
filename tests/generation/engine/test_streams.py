"""What runs beside the denoising on a GPU neither waits for it nor disturbs it. Without a GPU nothing is tried."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch

from generation.engine.renderer import Renderer
from generation.engine.streams import beside_the_engine
from tests.renders import allow_numpy_copies, draw, draw_together, every_weight, levels_apart, recipe

pytestmark = [allow_numpy_copies, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")]

HALF_PRECISION_LEVELS = 8


def test_work_beside_is_done_at_the_end_of_its_block_however_busy_the_engine_is() -> None:
    device = torch.device("cuda", 0)
    square = torch.randn(4096, 4096, device=device)
    torch.cuda.synchronize()
    for _ in range(50):
        square @ square
    with beside_the_engine(device):
        ones = torch.ones(1000, device=device).cumsum(0)
    with torch.cuda.stream(torch.cuda.Stream(device)):  # type: ignore[no-untyped-call]
        assert ones[-1].item() == 1000


def test_strangers_get_their_pictures_while_others_are_encoded_and_decoded() -> None:
    recipes = [recipe("mini", seed=number, steps=4 + number, width=128, height=128) for number in range(8)]
    with closing(Renderer(every_weight(), device="cuda")) as renderer:
        alone = [draw(renderer, wanted)[0] for wanted in recipes]
        for one, other in zip(alone, draw_together(renderer, recipes), strict=True):
            assert isinstance(other, np.ndarray)
            assert levels_apart(one, other)[0] <= HALF_PRECISION_LEVELS
