"""Captions: by hand, replaced and surrounded in bulk, cleared, and counted in tokens."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Checkpoint, DataSet
from generation.storage import files
from generation.training.datasets.captioning import (
    caption_counter,
    caption_of,
    clear_captions,
    replace_in_captions,
    set_caption,
    surround_captions,
)
from generation.training.datasets.uploads import add_images
from tests.generation.conftest import Draw
from tests.generation.training.datasets.conftest import MakeDataSet


def captions(dataset: DataSet) -> list[str]:
    return list(dataset.pictures.values_list("caption", flat=True))


@pytest.fixture
def captioned(dataset: DataSet) -> DataSet:
    for picture, caption in zip(dataset.pictures.all(), ("a red apple", "a red car", "a cat", ""), strict=True):
        set_caption(picture, caption)
    return dataset


def test_it_works(captioned: DataSet) -> None:
    assert captions(captioned) == ["a red apple", "a red car", "a cat", ""]
    assert [caption_of(picture, captioned) for picture in captioned.pictures.all()][-2:] == ["a cat", "noto style"]


def test_a_caption_is_one_line_of_bounded_length(captioned: DataSet) -> None:
    picture = captioned.pictures.all()[0]
    set_caption(picture, "  two\n lines\x00 ")
    assert captions(captioned)[0] == "two lines"
    with pytest.raises(Refusal, match="1000"):
        set_caption(picture, "x" * 1001)


def test_words_are_replaced_in_all(captioned: DataSet) -> None:
    assert replace_in_captions(captioned, "a red", "one green") == 2
    assert captions(captioned) == ["one green apple", "one green car", "a cat", ""]
    assert replace_in_captions(captioned, ".*", "x") == 0, "letters, not a pattern"
    with pytest.raises(Refusal):
        replace_in_captions(captioned, "", "x")


def test_a_replacement_that_makes_one_too_long_changes_none(captioned: DataSet) -> None:
    with pytest.raises(Refusal):
        replace_in_captions(captioned, "a", "b" * 900)
    assert captions(captioned)[0] == "a red apple"


def test_words_are_put_around_all(captioned: DataSet) -> None:
    assert surround_captions(captioned, "noto style", "flat, ") == 4
    assert captions(captioned)[2:] == ["noto style, a cat, flat", "noto style, flat"]
    with pytest.raises(Refusal):
        surround_captions(captioned, " ", "")


def test_all_are_cleared(captioned: DataSet) -> None:
    assert clear_captions(captioned) == 3
    assert captions(captioned) == ["", "", "", ""]


def test_tokens_are_counted_as_the_checkpoint_does(catalog: Checkpoint) -> None:
    count = caption_counter()
    assert count is not None
    assert count("") == (0, 30)
    assert count("a red apple") == (3, 30)
    Checkpoint.objects.update(chunk_tokens=75)
    again = caption_counter()
    assert again is not None and again("a red apple").read == 75


@pytest.mark.django_db
def test_without_a_checkpoint_nothing_is_counted() -> None:
    assert caption_counter() is None


def test_an_own_picture_whose_file_is_gone_stays_outside(alice: User, make_dataset: MakeDataSet, draw: Draw) -> None:
    gone, kept = draw(alice, "a pear"), draw(alice, "a fig")
    files.discard(gone.file)
    collected = add_images(make_dataset(alice), [gone, kept])
    assert [row.caption for row in collected.added] == ["a fig"]
    assert [(each.name, each.code) for each in collected.refused] == [(f"a-pear-{gone.code}.png", "file-gone")]


def test_own_pictures_bring_their_prompts(alice: User, make_dataset: MakeDataSet, draw: Draw) -> None:
    dataset = make_dataset(alice)
    collected = add_images(dataset, [draw(alice, "a pear"), draw(alice, "a fig")])
    assert [row.caption for row in collected.added] == ["a pear", "a fig"]
    assert [row.name.rpartition("-")[0] for row in collected.added] == ["a-pear", "a-fig"]
