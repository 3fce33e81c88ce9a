"""Every kind of pixels reads as it is meant to be seen, in a data set of the studio and a folder of the shell."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation.engine.training.outcome import TrainingError
from generation.engine.training.pictures import TrainingPicture
from generation.training.datasets.preparing import PixelBudget, prepare_picture

SIDE = 128
RAMP = np.tile(np.arange(SIDE, dtype=np.uint16) * np.uint16(512), (SIDE, 1))
GREY_16 = Image.fromarray(RAMP)
LETTERS = Image.new("L", (SIDE, SIDE), 90)
COLOURS = Image.new("RGB", (SIDE, SIDE), (10, 200, 30))
CLEAR = Image.new("RGBA", (SIDE, SIDE), (9, 9, 9, 0))
PALETTE = COLOURS.convert("P")


def file_of(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "middle"),
    [
        (file_of(GREY_16), 128),
        (file_of(GREY_16, transparency=int(RAMP[0, SIDE // 2])), 255),
        (file_of(GREY_16, transparency=0), 128),
        (file_of(LETTERS), 90),
        (file_of(LETTERS, transparency=90), 255),
        (file_of(LETTERS.convert("LA")), 90),
        (file_of(COLOURS, transparency=(10, 200, 30)), 255),
        (file_of(CLEAR), 255),
        (file_of(PALETTE, transparency=PALETTE.getpixel((0, 0))), 255),
        (file_of(Image.new("1", (SIDE, SIDE), 1)), 255),
    ],
    ids=["I;16", "I;16 clear", "I;16 clear elsewhere", "L", "L clear", "LA", "RGB clear", "RGBA", "P clear", "1"],
)
def test_one_reading_for_studio_and_shell(data: bytes, middle: int, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(data)
    in_shell = TrainingPicture("a", tmp_path / "a.png").image()
    in_studio = Image.open(io.BytesIO(prepare_picture(data, PixelBudget(0)).file))
    assert in_shell.mode == in_studio.mode == "RGB"
    assert np.array_equal(np.asarray(in_shell), np.asarray(in_studio))
    assert int(np.asarray(in_shell)[0, SIDE // 2, 0]) == middle


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(file_of(COLOURS)[:100])
    with pytest.raises(TrainingError, match=r"a\.png.* is damaged"):
        TrainingPicture("a", tmp_path / "a.png").image()
