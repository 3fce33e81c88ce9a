"""Select by click: by colour at once, by a network in a worker where the site has one, and never for strangers."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from generation.imaging.clicks import Box, Click
from generation.jobs import selecting
from generation.jobs.selecting import BY_COLOUR, PATIENCE_SECONDS, select_by_click, selection_of
from generation.jobs.sources import bring_picture
from generation.messages import selections
from generation.models import Annotator, SourcePicture
from tests.generation.conftest import add_worker


@pytest.fixture
def source(alice: User) -> SourcePicture:
    image = Image.new("RGB", (96, 64), (230, 230, 230))
    image.paste((200, 30, 30), (20, 10, 60, 50))
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return bring_picture(alice, file)


@pytest.fixture
def sam(db: None) -> Annotator:
    return Annotator.objects.create(name="sam", title="SAM", task="segment", path="sam", sha256="5" * 64)


def opened(mask: bytes | None) -> np.ndarray:
    assert mask is not None
    return np.asarray(Image.open(io.BytesIO(mask)))


def test_by_colour_it_answers_at_once(alice: User, source: SourcePicture) -> None:
    selection = select_by_click(alice, source.code, [Click(30, 30)])
    assert (selection.by, selection.is_network, selection.note) == (BY_COLOUR, False, "")
    mask = opened(selection.mask)
    assert mask.shape == (64, 96) and mask[30, 40] == 255 and mask[5, 5] == 0


def test_strangers_and_clicks_outside_are_refused(alice: User, charlie: User, source: SourcePicture) -> None:
    with pytest.raises(NotFound):
        select_by_click(charlie, source.code, [Click(30, 30)])
    with pytest.raises(Refusal, match="outside"):
        select_by_click(alice, source.code, [Click(96, 30)])


def test_a_network_is_asked_where_a_worker_can_answer(
    alice: User, charlie: User, source: SourcePicture, sam: Annotator, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    assert not select_by_click(alice, source.code, [Click(30, 30)]).is_network, "no worker is alive"
    add_worker()
    asked = select_by_click(alice, source.code, [Click(30, 30), Click(1, 1, False)], Box(0, 0, 90, 60))
    assert (asked.by, asked.is_network, asked.mask) == ("SAM", True, None)
    ((task, number),) = wakeups_sent
    assert task == "generation.tasks.select_by_click" and selections.number_of(asked.code) == number
    assert selection_of(alice, asked.code).mask is None
    with pytest.raises(NotFound):
        selection_of(charlie, asked.code)
    kept = selections.find(number)
    assert kept is not None
    assert selecting.where(kept) == ([Click(30, 30), Click(1, 1, False)], Box(0, 0, 90, 60))
    selecting.answer(number, np.full((64, 96), 255, np.uint8))
    answered = selection_of(alice, asked.code)
    assert answered.is_network and opened(answered.mask).all()


@pytest.mark.parametrize("failure", ["It broke.", ""])
def test_a_network_that_fails_or_is_silent_is_replaced_and_it_is_said(
    alice: User, source: SourcePicture, sam: Annotator, wakeups_sent: list[tuple[Any, ...]], failure: str
) -> None:
    add_worker()
    asked = select_by_click(alice, source.code, [Click(30, 30)])
    ((_, number),) = wakeups_sent
    if failure:
        selecting.answer(number, None, failure)
    else:
        kept = selections.find(number)
        assert kept is not None
        selections.keep(number, replace(kept, asked_at=time.time() - PATIENCE_SECONDS - 1))
    answered = selection_of(alice, asked.code)
    assert (answered.by, answered.is_network) == (BY_COLOUR, False)
    assert answered.note == (failure or "“SAM” did not answer in time.")
    assert opened(answered.mask)[30, 40] == 255


@pytest.mark.parametrize("code", ["", "zz", "abc", "f" * 40])
def test_what_nobody_asked_is_not_found(alice: User, code: str) -> None:
    with pytest.raises(NotFound):
        selection_of(alice, code)
