"""The three small sizes of a picture: which are made, that they are swept and found with their picture."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from accounts.models import User
from generation.jobs import upkeep
from generation.models import GeneratedImage
from generation.storage import files
from generation.storage.marks import marked
from generation.storage.thumbnails import thumbnails_of, widths_of
from tests.generation.conftest import Draw


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((128, 128), {"thumbnail": (128, 128)}),
        ((320, 200), {"thumbnail": (320, 200)}),
        ((512, 256), {"thumbnail_320": (320, 160), "thumbnail": (512, 256)}),
        ((640, 640), {"thumbnail_320": (320, 320), "thumbnail": (640, 640)}),
        ((832, 1216), {"thumbnail_320": (219, 320), "thumbnail": (438, 640), "thumbnail_1280": (832, 1216)}),
        ((2560, 640), {"thumbnail_320": (320, 80), "thumbnail": (640, 160), "thumbnail_1280": (1280, 320)}),
    ],
)
def test_only_sizes_that_differ_are_made(size: tuple[int, int], sizes: dict[str, tuple[int, int]]) -> None:
    made = {
        field: Image.open(io.BytesIO(data)) for field, data in thumbnails_of(marked(Image.new("RGB", size))).items()
    }
    assert {field: picture.size for field, picture in made.items()} == sizes
    assert {picture.format for picture in made.values()} == {"WEBP"}
    image = GeneratedImage(width=size[0], height=size[1], **dict.fromkeys(made, "a name"))
    assert widths_of(image) == {field: width for field, (width, _) in sorted(sizes.items(), key=lambda each: each[1])}


def test_a_finished_picture_has_them(alice: User, draw: Draw) -> None:
    image = draw(alice, width=704, height=384)
    assert len(image.file_names) == 4
    for name, width in ((image.thumbnail_320, 320), (image.thumbnail, 640), (image.thumbnail_1280, 704)):
        with Image.open(io.BytesIO(files.read(name))) as picture:
            assert picture.width == width
    assert list(upkeep.orphans()) == []


def test_they_go_with_their_picture(alice: User, draw: Draw) -> None:
    image = draw(alice, width=704, height=384)
    names = image.file_names
    GeneratedImage.objects.update(deleted_at="2026-01-01T00:00:00Z")
    assert upkeep.prune_images() == 1
    assert not [name for name in names if files.is_there(name)]
    image.refresh_from_db()
    assert image.file_names == []
