"""Select by click: a mask grown in somebody's picture, by a network where the site has one, else by colour alone."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from accounts.models import User
from accounts.refusals import NotFound
from generation.imaging.clicks import Box, Click, check_selection
from generation.imaging.upright import upright
from generation.jobs.pinning import picture_of
from generation.jobs.sources import file_with
from generation.messages import selections
from generation.messages.selections import AskedSelection
from generation.models import Annotator, GpuWorker
from generation.storage import files

BY_COLOUR = "By colour (GrabCut)"
PATIENCE_SECONDS = 20.0
"""After so long without an answer from a worker the mask is made without it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """`mask` is a PNG of one channel, white where it is selected; None while a worker is at it, to be asked by `code`.

    `by` says for people what selects, `is_network` whether that is a network which sees things, and `note` why it is
    not, where the site has one.
    """

    code: str
    by: str
    is_network: bool
    mask: bytes | None
    note: str = ""


def select_by_click(user: User, picture: str, clicks: Sequence[Click], box: Box | None = None) -> Selection:
    """Grow a mask in a picture of theirs, which is named by code or SHA-256. Raises Refusal."""
    found = picture_of(user, picture)
    check_selection(clicks, box, found.size)
    network = Annotator.objects.usable_by(user).filter(task=Annotator.Task.SEGMENT).order_by("title").first()
    if network is not None and GpuWorker.objects.at_work().exists():
        asked = AskedSelection(
            owner_id=user.pk,
            picture_sha256=found.sha256,
            clicks=tuple((click.x, click.y, click.keeps) for click in clicks),
            box=(box.left, box.top, box.right, box.bottom) if box else None,
            annotator_sha256=network.sha256,
            title=network.title,
            asked_at=time.time(),
        )
        if code := selections.ask(asked):
            return Selection(code, network.title, True, None)
    return Selection("", BY_COLOUR, False, _by_colour(found.sha256, clicks, box))


def selection_of(user: User, code: str) -> Selection:
    """What has become of a selection that a worker was asked for. Raises NotFound for others', and after a while.

    Where the network fails, or nobody answers in time, the mask is made by colour, and the note says so.
    """
    number = selections.number_of(code)
    asked = selections.find(number)
    if asked is None or asked.owner_id != user.pk:
        raise NotFound("unknown-selection", "This selection is over; click again.")
    if asked.mask is None and not asked.failure and time.time() - asked.asked_at < PATIENCE_SECONDS:
        return Selection(code, asked.title, True, None)
    if asked.mask is not None:
        return Selection(code, asked.title, True, asked.mask)
    mask = _by_colour(asked.picture_sha256, *where(asked))
    return Selection(code, BY_COLOUR, False, mask, asked.failure or f"“{asked.title}” did not answer in time.")


def where(asked: AskedSelection) -> tuple[list[Click], Box | None]:
    return [Click(*click) for click in asked.clicks], Box(*asked.box) if asked.box else None


def answer(number: int, mask: NDArray[np.uint8] | None, failure: str = "") -> None:
    """Keep a worker's mask (height, width), or why there is none."""
    if (asked := selections.find(number)) is not None:
        selections.keep(number, replace(asked, mask=None if mask is None else encoded(mask), failure=failure))


def pixels_of(sha256: str) -> NDArray[np.uint8]:
    """RGB (height, width, 3) of a picture that recipes may name. Raises NotFound, PictureRefused."""
    if not (name := file_with(sha256)):
        raise NotFound("unknown-picture", "There is no such picture any more.", field="source")
    return np.asarray(upright(Image.open(io.BytesIO(files.read_kept(name)))))


def encoded(mask: NDArray[np.uint8]) -> bytes:
    """A mask (height, width) as PNG."""
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _by_colour(sha256: str, clicks: Sequence[Click], box: Box | None) -> bytes:
    from generation.imaging.selecting import select  # local: OpenCV is loaded with the first click

    return encoded(select(pixels_of(sha256), clicks, box))
