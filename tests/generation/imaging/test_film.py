"""Films: what browsers get is whole, as long as it should be, and says that a machine drew it."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from generation.imaging.film import encode_animation, encode_film, fitted
from generation.imaging.provenance import DRAWN_FROM_TEXT, source_type_in

SHADES = (10, 90, 170, 250)


def frames(size: tuple[int, int] = (64, 48)) -> list[Image.Image]:
    return [Image.new("RGB", size, (shade, 128, 128)) for shade in SHADES]


def test_a_film_has_its_pictures_in_order(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(encode_film(frames(), 12))
    film = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    read = []
    while (step := film.read())[0]:
        read.append(step[1])
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(12) and read[0].shape == (48, 64, 3)
    assert [float(np.median(each[..., 2])) for each in read] == pytest.approx(SHADES, abs=8)


def test_an_animation_has_its_pictures_in_order() -> None:
    with Image.open(io.BytesIO(encode_animation(frames(), 4))) as picture:
        assert (picture.format, picture.n_frames, picture.info["loop"]) == ("WEBP", 4, 0)  # type: ignore[attr-defined]
        for place, shade in enumerate(SHADES):
            picture.seek(place)
            assert abs(picture.convert("RGB").getpixel((30, 20))[0] - shade) < 8  # type: ignore[index]
        assert picture.info["duration"] == 250


@pytest.mark.parametrize("encode", [encode_animation, encode_film])
def test_both_say_that_a_machine_drew_them(encode: object) -> None:
    data = encode(frames(), 8)  # type: ignore[operator]
    assert source_type_in(data.decode("latin-1")) == DRAWN_FROM_TEXT


def test_the_box_of_xmp_ends_the_film() -> None:
    film = encode_film(frames(), 8)
    place = film.rindex(b"uuid") - 4
    assert int.from_bytes(film[place : place + 4], "big") == len(film) - place


def test_sides_are_even_and_not_too_long() -> None:
    odd = [Image.new("RGBA", (65, 33)), Image.new("RGB", (64, 32))]
    assert {(each.mode, each.size) for each in fitted(odd)} == {("RGB", (64, 32))}
    assert fitted([Image.new("RGB", (3000, 1500))])[0].size == (1024, 512)
