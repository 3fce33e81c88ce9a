"""A real training and the real renderer on one device: a picture waits for one training step at most."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from generation.engine.outcome import Rendered
from generation.engine.renderer import Renderer
from generation.engine.training.trainer import Progress, train
from tests.generation.engine.training.lessons import bars
from tests.generation.engine.training.lessons import recipe as lesson
from tests.renders import allow_numpy_copies, every_weight, recipe
from tests.tiny_weights import tiny_checkpoint

pytestmark = allow_numpy_copies
PICTURES = 5


@pytest.mark.parametrize("checkpoint", ["sd1", "mini"])
def test_at_most_one_step_is_learned_while_a_picture_waits_and_is_drawn(tmp_path: Path, checkpoint: str) -> None:
    learned, going_on, enough = [0], threading.Event(), threading.Event()

    def learn() -> None:
        with closing(
            train(lesson(steps=5000), tiny_checkpoint("sd1"), bars(), tmp_path, time_slice=renderer.time_slice)
        ) as run:
            for event in run:
                if isinstance(event, Progress):
                    learned[0] = event.step
                    going_on.set()
                if enough.is_set():
                    return

    with closing(Renderer(every_weight(), device="cpu", threads=1)) as renderer:
        trainer = threading.Thread(target=learn)
        trainer.start()
        try:
            for seed in range(PICTURES):
                going_on.clear()
                assert going_on.wait(60), "the training stands still between pictures"
                before = learned[0]
                *_, rendered = renderer.render(recipe(checkpoint, seed=seed, steps=10))
                # The one under way when the picture came, and one of which the loop above has not told yet.
                assert learned[0] - before <= 2
                assert isinstance(rendered, Rendered)
        finally:
            enough.set()
            trainer.join(60)
