"""The training loop: what it tells, what it never looks at, and that an interrupted one ends as an undisturbed one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.engine.training.diffusion import Diffusion, DiffusionNoise
from generation.engine.training.trainer import Measured, Progress, TrainingError, TrainingPicture, train
from tests.generation.engine.training.lessons import bar, bars, recipe, run
from tests.tiny_weights import tiny_checkpoint


def test_it_tells_every_step_the_snapshots_and_the_end(tmp_path: Path) -> None:
    progress, measured, finished = run(tmp_path, recipe(steps=5, sample_every=10))
    assert [one.step for one in progress] == [0, 1, 2, 3, 4, 5]
    assert [one.step for one in measured] == [0, 5]
    assert finished.best_step == 5 and finished.file == tmp_path / "snapshots" / "5.safetensors"
    assert all(one.file.is_file() and one.samples[0].shape == (64, 64, 3) for one in measured)
    assert all(one.validation_loss and one.training_loss > 0 for one in measured)


def test_learning_lowers_the_training_loss(tmp_path: Path) -> None:
    _, measured, _ = run(tmp_path, recipe(steps=20, learning_rate=5e-3, parts=("attention", "convolution")))
    assert measured[-1].training_loss < 0.98 * measured[0].training_loss


def test_held_out_pixels_never_reach_the_file(tmp_path: Path) -> None:
    """Other pixels in the held-out place change the validation loss and not a byte of what is learned."""
    pictures = bars()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    changed = [replace(one, pixels=noise) if one.held_out else one for one in pictures]
    _, first, _ = run(tmp_path / "one", pictures=pictures)
    _, second, _ = run(tmp_path / "other", pictures=changed)
    assert first[-1].file.read_bytes() == second[-1].file.read_bytes()
    assert first[-1].validation_loss != second[-1].validation_loss


def test_learned_pixels_do_reach_the_file(tmp_path: Path) -> None:
    """The proof above would hold for a trainer that learns nothing, too."""
    pictures = bars()
    changed = [replace(pictures[0], pixels=bar(6)), *pictures[1:]]
    files = [run(tmp_path / str(n), pictures=p)[1][-1].file.read_bytes() for n, p in enumerate((pictures, changed))]
    assert files[0] != files[1]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [run(tmp_path / str(turn))[1][-1].file.read_bytes() for turn in range(2)]
    other = run(tmp_path / "other", recipe(seed=1))[1][-1].file.read_bytes()
    assert files[0] == files[1] != other


@pytest.mark.parametrize("optimizer", ["adamw", "adafactor", "sgd"])
def test_a_closed_training_goes_on_to_the_same_bytes(tmp_path: Path, optimizer: str) -> None:
    wanted = recipe(steps=6, optimizer=optimizer, schedule="cosine", warmup_steps=2)
    _, undisturbed, _ = run(tmp_path / "whole", wanted)
    training = train(wanted, tiny_checkpoint(), bars(), tmp_path / "parts")
    while not (isinstance(event := next(training), Progress) and event.step == 3):
        pass
    training.close()
    progress, measured, _ = run(tmp_path / "parts", wanted)
    assert [one.step for one in progress] == [4, 5, 6]
    assert [one.step for one in measured] == [0, 6], "what was told before is told again"
    assert measured[-1].file.read_bytes() == undisturbed[-1].file.read_bytes()
    assert np.array_equal(measured[0].samples, undisturbed[0].samples)


def test_a_finished_training_tells_its_snapshots_again(tmp_path: Path) -> None:
    _, first, end = run(tmp_path)
    progress, again, same_end = run(tmp_path)
    assert progress == [] and end == same_end
    assert [(one.step, one.validation_loss, one.prompts) for one in again] == [
        (one.step, one.validation_loss, one.prompts) for one in first
    ]


def test_it_refuses_a_folder_of_another_training(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(TrainingError) as refused:
        run(tmp_path, recipe(learning_rate=5e-4))
    assert refused.value.code == "other-training"


def test_it_refuses_to_learn_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="every one is held out"):
        run(tmp_path, pictures=bars(2, held_out=2))


def test_it_stops_where_the_loss_is_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def weigh(diffusion: Diffusion, draw: DiffusionNoise, gamma: float) -> torch.Tensor:
        return torch.full((len(draw.timesteps),), float("nan"))

    monkeypatch.setattr(Diffusion, "weights", weigh)
    with pytest.raises(TrainingError) as error:
        run(tmp_path)
    assert error.value.code == "not-finite"


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "cat.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(TrainingError, match="cat.png"):
        run(tmp_path / "run", pictures=[*bars(2), TrainingPicture("cat", broken, "a cat")])


def test_all_work_on_the_device_happens_in_time_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the device back holds the whole training back; no time slice is taken inside another."""
    from generation.engine.training.networks import Networks

    held, slices = threading.Lock(), 0

    @contextmanager
    def time_slice() -> Iterator[None]:
        nonlocal slices
        assert held.acquire(blocking=False)
        slices += 1
        try:
            yield
        finally:
            held.release()

    for name in ("encode_pixels", "predict", "encode_captions"):
        genuine = getattr(Networks, name)

        def checked(*args: object, genuine: object = genuine, name: str = name) -> object:
            assert held.locked(), name
            return genuine(*args)  # type: ignore[operator]

        monkeypatch.setattr(Networks, name, checked)
    wanted = recipe(steps=3, prior_weight=0.5, prior_prompt="a dog", prior_pictures=1, parts=("text_encoder",))
    assert list(train(wanted, tiny_checkpoint(), bars(), tmp_path, time_slice=time_slice))
    assert slices > 3 + 3 * 2


def test_the_best_step_between_snapshots_becomes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engine.training.trainer.VALIDATE_EVERY", 4)
    losses = iter([1.0, 0.5, 0.8, 0.7, 0.6])
    monkeypatch.setattr("generation.engine.training.session.Session.validate", lambda session: next(losses))
    _, measured, finished = run(tmp_path, recipe(steps=12, sample_every=10))
    assert [(one.step, one.validation_loss) for one in measured] == [(0, 1.0), (4, 0.5), (10, 0.7), (12, 0.6)]
    assert finished.best_step == 4
    files = {one.file.read_bytes() for one in measured}
    assert len(files) == 4, "each is the LoRA of its own step"


def test_the_validation_loss_is_the_same_whenever_it_is_taken(tmp_path: Path) -> None:
    _, first, _ = run(tmp_path / "a", recipe(steps=1, seed=0))
    _, second, _ = run(tmp_path / "b", recipe(steps=2, seed=5))
    assert first[0].validation_loss == pytest.approx(second[0].validation_loss, rel=1e-6)
    assert isinstance(first[0], Measured)
