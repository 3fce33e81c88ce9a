"""A crop is four edges inside the picture that leave enough of it, a focus a point in it; or nothing at all."""

from __future__ import annotations

import math

import pytest

from accounts.refusals import Refusal
from generation.models import DataSet
from generation.training.datasets.cropping import set_crop, set_focus


def test_it_works(dataset: DataSet) -> None:
    picture = dataset.pictures.all()[0]
    set_crop(picture, (0.1234567, 0, 1, 0.75))
    picture.refresh_from_db()
    assert picture.crop == [0.12346, 0, 1, 0.75]
    set_crop(picture, None)
    picture.refresh_from_db()
    assert picture.crop is None


@pytest.mark.parametrize(
    "crop",
    [(0, 0, 1), (0, 0, 1.1, 1), (-0.1, 0, 1, 1), (0, 0, math.nan, 1), (0.6, 0, 0.4, 1), (0, 0, 0.3, 1)],
)
def test_it_is_refused(dataset: DataSet, crop: tuple[float, ...]) -> None:
    with pytest.raises(Refusal):
        set_crop(dataset.pictures.all()[0], crop)
    assert dataset.pictures.all()[0].crop is None


def test_a_focus_is_kept_and_left_to_the_trainer(dataset: DataSet) -> None:
    picture = dataset.pictures.all()[0]
    set_focus(picture, (0.1234567, 1))
    picture.refresh_from_db()
    assert picture.focus == [0.12346, 1]
    set_focus(picture, None)
    picture.refresh_from_db()
    assert picture.focus is None


@pytest.mark.parametrize("focus", [(), (0.5,), (0.5, 1.1), (-0.1, 0), (math.nan, 0), (0.5, 0.5, 0.5)])
def test_a_focus_outside_is_refused(dataset: DataSet, focus: tuple[float, ...]) -> None:
    with pytest.raises(Refusal):
        set_focus(dataset.pictures.all()[0], focus)
    assert dataset.pictures.all()[0].focus is None
