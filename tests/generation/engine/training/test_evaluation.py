"""The warning of pictures learned by heart: of the same picture and its mirror image, not of flat ones."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.engine.outcome import Pixels
from generation.engine.training.evaluation import Likeness
from generation.engine.training.pictures import TrainingPicture
from generation.engine.training.sampling import SamplePicture
from generation.engine.training.session import Session
from tests.generation.engine.training.lessons import NOTO, recipe
from tests.tiny_weights import tiny_checkpoint


def likeness(folder: Path, picture: TrainingPicture, sample: Pixels, *, flip: bool = False) -> Likeness:
    """What is said of a sample by a training of one picture, at 128 pixels."""
    wanted = recipe(flip=flip, resolution=128)
    session = Session(wanted, tiny_checkpoint(), [picture], folder, nullcontext, torch.device("cpu"))
    latents = torch.zeros_like(session.material.square_latents(0))
    return session.evaluation.of([SamplePicture(latents, sample)])


def guitar() -> tuple[TrainingPicture, Pixels]:
    picture = TrainingPicture("guitar", NOTO / "guitar.png", "a guitar")
    return picture, np.asarray(picture.image().resize((128, 128)))


@pytest.mark.parametrize(
    ("flip", "mirrored", "found"), [(False, False, True), (False, True, False), (True, True, True), (True, False, True)]
)
def test_a_mirrored_picture_counts_where_mirrors_were_learned(
    tmp_path: Path, flip: bool, mirrored: bool, found: bool
) -> None:
    picture, pixels = guitar()
    sample = np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
    said = likeness(tmp_path, picture, sample, flip=flip)
    assert said.memorised == (((0, "guitar"),) if found else ())
    assert said.closest is not None and (said.closest <= 31) == found


@pytest.mark.parametrize("flat", ["picture", "sample"])
def test_what_is_too_flat_to_tell_is_no_likeness(tmp_path: Path, flat: str) -> None:
    picture, pixels = guitar()
    white = np.full((128, 128, 3), 255, np.uint8)
    if flat == "picture":
        picture = TrainingPicture("white", white, "nothing")
    said = likeness(tmp_path, picture, white if flat == "sample" else pixels)
    assert (said.memorised, said.closest) == ((), None)
    same = likeness(tmp_path, TrainingPicture("white", white, "nothing"), white)
    assert (same.memorised, same.closest) == ((), None)
