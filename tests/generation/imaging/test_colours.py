"""The main colours of a picture."""

from __future__ import annotations

from PIL import Image, ImageDraw

from generation.imaging.colours import main_colours


def test_the_most_common_comes_first() -> None:
    picture = Image.new("RGB", (300, 200), "#c2412d")
    ImageDraw.Draw(picture).rectangle((0, 0, 99, 199), "#1e6b6b")
    assert main_colours(picture, 5) == ["#c2412d", "#1e6b6b"]
    assert picture.size == (300, 200)


def test_no_more_than_asked_for() -> None:
    assert len(main_colours(Image.radial_gradient("L").convert("RGB"), 3)) == 3
    assert main_colours(Image.new("RGB", (1, 1), "#010203"), 5) == ["#010203"]
