"""Files come into a data set: good ones are kept, each bad one is refused by name with a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import Plan, User
from generation.imaging.encode import encode_image
from generation.imaging.provenance import DRAWN_OVER_A_PICTURE
from generation.imaging.reading import source_type_of
from generation.imaging.upright import upright
from generation.models import DataSet
from generation.storage import files as storage_files
from generation.training.datasets import preparing, uploads
from generation.training.datasets.preparing import LARGEST_SIDE
from generation.training.datasets.refusals import plain_name
from generation.training.datasets.uploads import Collected, add_images, add_uploads
from tests.generation.conftest import Draw
from tests.generation.imaging.test_pdq import scene
from tests.generation.training.datasets.conftest import MakeDataSet, encoded, picture, upload, zipped


@pytest.fixture
def empty(alice: User, make_dataset: MakeDataSet) -> DataSet:
    return make_dataset(alice)


def add(dataset: DataSet, **files: bytes) -> Collected:
    """`a_png=...` is the file a.png."""
    return add_uploads(dataset, [upload(name.replace("_", "."), data) for name, data in files.items()])


def codes(collected: Collected) -> dict[str, str]:
    return {refused.name: refused.code for refused in collected.refused}


def kept(collected: Collected) -> Image.Image:
    return Image.open(io.BytesIO(storage_files.read(collected.added[0].file)))


def test_it_works(empty: DataSet) -> None:
    collected = add(empty, a_png=picture(1), b_jpg=picture(2, "JPEG"), c_webp=picture(3, "WEBP"))
    assert collected.refused == []
    rows = list(empty.pictures.all())
    assert [row.name for row in rows] == ["a.png", "b.jpg", "c.webp"]
    for row in rows:
        with Image.open(io.BytesIO(storage_files.read(row.file))) as file:
            assert (file.format, file.mode, file.size) == ("PNG", "RGB", (row.width, row.height))
        assert row.size_bytes == len(storage_files.read(row.file)) + len(storage_files.read(row.thumbnail))


def test_pixels_of_a_plain_png_are_kept_exactly(empty: DataSet) -> None:
    collected = add(empty, a_png=picture(1))
    assert np.array_equal(np.asarray(kept(collected)), np.asarray(scene(1, 128)))


def test_the_good_ones_are_kept_and_each_bad_one_named(empty: DataSet) -> None:
    collected = add(
        empty,
        good_png=picture(1),
        broken_png=picture(2)[:300],
        tiny_png=encoded(Image.new("RGB", (63, 200), "red")),
        words_pdf=b"%PDF-1.7 hello",
        drawn_svg=b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        moving_gif=encoded(scene(1), "GIF"),
        empty_png=b"",
    )
    assert [row.name for row in collected.added] == ["good.png"]
    assert codes(collected) == {
        "broken.png": "damaged-picture",
        "tiny.png": "too-small",
        "words.pdf": "unknown-format",
        "drawn.svg": "unknown-format",
        "moving.gif": "unknown-format",
        "empty.png": "unknown-format",
    }
    assert all(refused.sentence.endswith(".") for refused in collected.refused)


def bomb() -> bytes:
    """A PNG whose header promises 30,000 x 30,000 pixels, in some hundred bytes."""
    data = bytearray(encoded(Image.new("1", (8, 8))))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def test_a_decompression_bomb_is_refused_unopened(empty: DataSet) -> None:
    assert codes(add(empty, bomb_png=bomb())) == {"bomb.png": "too-many-pixels"}


def sliver() -> bytes:
    """A PNG of 58 KB that is one pixel wide and thirty million high; another zip packs it into some hundred bytes."""
    head = struct.pack(">2L5B", 1, 30_000_000, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(2 * 30_000_000), 9)
    chunks = (
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of the pictures whose pixels were read."""
    sizes: list[tuple[int, int]] = []

    def read(image: Image.Image) -> Image.Image:
        sizes.append(image.size)
        return upright(image)

    monkeypatch.setattr(preparing, "upright", read)
    return sizes


def test_no_picture_of_a_hostile_zip_is_decoded(empty: DataSet, decoded: list[tuple[int, int]]) -> None:
    zip_of_slivers = zipped(dict.fromkeys((f"{number}.png" for number in range(30)), sliver()))
    assert len(zip_of_slivers) < 16_000
    assert set(codes(add(empty, all_zip=zip_of_slivers)).values()) == {"too-long"}
    assert decoded == []


def test_a_picture_too_small_is_not_decoded(empty: DataSet, decoded: list[tuple[int, int]]) -> None:
    assert codes(add(empty, thin_png=encoded(Image.new("1", (63, 30_000))))) == {"thin.png": "too-small"}
    assert decoded == []


def test_the_pixels_of_an_upload_are_counted_together(
    empty: DataSet, decoded: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some in any case and more for more bytes; flat pictures promise far more than they bring."""
    monkeypatch.setattr(preparing, "FREE_PIXELS", 3 * 1000**2)
    flat = {f"{shade}.png": encoded(Image.new("L", (1000, 1000), shade)) for shade in range(8)}
    collected = add(empty, all_zip=zipped(flat))
    assert 3 <= len(decoded) < 8
    assert list(codes(collected).values()).count("upload-too-many-pixels") == 8 - len(decoded)
    decoded.clear()
    photographs = {f"{seed}.png": picture(seed, size=1000) for seed in range(4)}
    assert codes(add(empty, all_zip=zipped(photographs))) == {}
    assert len(decoded) == 4


def test_a_file_too_large_is_refused(empty: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.imaging.untrusted.MAX_FILE_BYTES", 1000)
    assert codes(add(empty, a_png=picture(1))) == {"a.png": "picture-too-large"}


def test_the_same_and_nearly_the_same_are_refused_with_the_others_name(empty: DataSet) -> None:
    smaller = encoded(scene(1).resize((150, 150)), "JPEG", quality=80)
    collected = add(empty, first_png=picture(1), again_png=picture(1), resized_jpg=smaller, other_png=picture(2))
    assert codes(collected) == {"again.png": "same-picture", "resized.jpg": "near-duplicate"}
    assert all("“first.png”" in refused.sentence for refused in collected.refused)
    forced = add_uploads(empty, [upload("resized.jpg", smaller), upload("again.png", picture(1))], similar_too=True)
    assert [row.name for row in forced.added] == ["resized.jpg"]
    assert codes(forced) == {"again.png": "same-picture"}


def test_exif_is_dropped_and_the_turn_it_asks_for_is_done(empty: DataSet) -> None:
    image = Image.new("RGB", (200, 100), "white")
    image.paste("red", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    exif[0x010F] = "Camera of somebody"
    exif.get_ifd(0x8825)[1] = "N"
    collected = add(empty, photo_jpg=encoded(image, "JPEG", exif=exif.tobytes(), quality=95))
    data = storage_files.read(collected.added[0].file)
    file = kept(collected)
    assert file.size == (100, 200)
    green = np.asarray(file)[:, 50, 1]
    assert green[20] < 30 < 200 < green[180], "the red half is on top now"
    assert b"Camera" not in data and b"eXIf" not in data and not file.info


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept(empty: DataSet, form: str) -> None:
    frames = [Image.new("RGB", (128, 128), (number, 0, 0)) for number in range(1, 250)]
    moving = encoded(scene(1, 128), form, save_all=True, append_images=frames, lossless=True)
    file = kept(add(empty, moving_png=moving))
    assert getattr(file, "n_frames", 1) == 1
    assert np.array_equal(np.asarray(file), np.asarray(scene(1, 128)))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_what_else_a_file_is_does_not_come_along(empty: DataSet, form: str) -> None:
    """A picture that is a page or a zip as well: only its pixels are kept."""
    page, other = b"<script>alert(1)</script>", zipped({"hidden.png": picture(2)})
    collected = add(empty, both_png=picture(1, form) + page + other)
    assert [row.name for row in collected.added] == ["both.png"] and not collected.refused
    data = storage_files.read(collected.added[0].file)
    assert page not in data and b"PK" not in data[-100:] and b"hidden.png" not in data


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_the_mark_of_a_machines_picture_is_kept(empty: DataSet, form: str) -> None:
    marked = encode_image(scene(1, 128), form, recipe_text="a cat\nSteps: 4", source_type=DRAWN_OVER_A_PICTURE)
    collected = add(empty, **{f"a_{form}": marked})
    row = collected.added[0]
    data = storage_files.read(row.file)
    assert source_type_of(data, "png") == DRAWN_OVER_A_PICTURE
    assert source_type_of(storage_files.read(row.thumbnail), "webp") == DRAWN_OVER_A_PICTURE
    assert b"Steps: 4" not in data, "and nothing else of what it said"


def test_another_word_is_no_mark(empty: DataSet) -> None:
    packet = b"<x><Iptc4xmpExt:DigitalSourceType>http://example.org/mine</Iptc4xmpExt:DigitalSourceType></x>"
    collected = add(empty, a_jpg=encoded(scene(1, 128), "JPEG", xmp=packet))
    assert b"example.org" not in storage_files.read(collected.added[0].file)


def test_what_is_transparent_becomes_white(empty: DataSet) -> None:
    layer = scene(1, 128).convert("RGBA")
    layer.paste((9, 9, 9, 0), (0, 0, 64, 64))
    assert kept(add(empty, a_png=encoded(layer))).getpixel((10, 10)) == (255, 255, 255)


def test_sixteen_bits_of_grey_keep_their_shades(empty: DataSet) -> None:
    ramp = np.tile(np.linspace(0, 65535, 128).astype(np.uint16), (128, 1))
    shades = np.asarray(kept(add(empty, a_png=encoded(Image.fromarray(ramp)))))[0, :, 0]
    assert int(shades[64]) == pytest.approx(128, abs=3)


def test_a_very_large_picture_is_made_smaller(empty: DataSet) -> None:
    row = add(empty, a_jpg=encoded(scene(1).resize((3000, 1500)), "JPEG")).added[0]
    assert (row.width, row.height) == (LARGEST_SIDE, LARGEST_SIDE // 2)


def test_captions_come_from_text_files_and_else_from_the_picture(empty: DataSet) -> None:
    chunk = PngInfo()
    chunk.add_text("parameters", "a pear on a table\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64")
    files = {
        "a.png": picture(1),
        "a.txt": "  a red\napple ".encode("utf-8-sig"),
        "b.png": encoded(scene(2, 128), pnginfo=chunk),
        "c.png": picture(3),
    }
    add_uploads(empty, [upload(name, data) for name, data in files.items()])
    assert list(empty.pictures.values_list("caption", flat=True)) == ["a red apple", "a pear on a table", ""]


def test_captions_that_come_later_find_their_picture_by_name(empty: DataSet) -> None:
    add(empty, apple_png=picture(1), pear_jpg=picture(2, "JPEG"), fig_png=picture(3))
    files = [upload("Apple.txt", b"a red\napple"), upload("plum.txt", b"a plum")]
    collected = add_uploads(
        empty, [*files, upload("more.zip", zipped({"set/pear.txt": b"a pear", "set/nut.txt": b"x"}))]
    )
    assert [(row.name, row.caption) for row in collected.captioned] == [
        ("pear.jpg", "a pear"),
        ("apple.png", "a red apple"),
    ]
    assert codes(collected) == {"plum.txt": "no-picture", "nut.txt": "no-picture"}
    assert list(empty.pictures.values_list("caption", flat=True)) == ["a red apple", "a pear", ""]


def test_a_caption_that_might_be_of_two_pictures_is_left_out(empty: DataSet) -> None:
    add(empty, apple_png=picture(1), apple_jpg=picture(2, "JPEG"))
    assert codes(add(empty, apple_txt=b"which")) == {"apple.txt": "many-pictures"}
    assert set(empty.pictures.values_list("caption", flat=True)) == {""}


def test_no_more_than_the_most_pictures_come_in(empty: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PICTURES", 2)
    collected = add(empty, a_png=picture(1), b_png=picture(2), c_png=picture(3))
    assert codes(collected) == {"c.png": "dataset-full"}


def test_pictures_count_against_the_storage_of_the_plan(empty: DataSet, alice: User) -> None:
    size = len(picture(1)) + 2000
    Plan.objects.filter(pk=alice.plan_id).update(storage_bytes=size + len(picture(2)) // 2)
    alice.plan.refresh_from_db()
    collected = add_uploads(DataSet.objects.get(pk=empty.pk), [upload(f"{n}.png", picture(n)) for n in (1, 2)])
    assert codes(collected) == {"2.png": "storage-full"}


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\cat.png", "cat.png"),
        ("a\x00\u202eb\n.png", "a��b�.png"),
        ("x" * 300, "x" * 100),
        ("", "a file without a name"),
    ],
)
def test_names_are_only_names(sent: str, kept_as: str) -> None:
    assert plain_name(sent) == kept_as


def test_files_lie_under_names_of_ours(empty: DataSet) -> None:
    row = add_uploads(empty, [upload("cat.png", picture(1))]).added[0]
    assert row.file == f"datasets/{empty.code}/{row.code}.png"
    assert (Path(settings.MEDIA_ROOT) / row.file).is_file()


def test_a_zip_among_files_is_opened(empty: DataSet) -> None:
    files = {"set/a.png": picture(2), "set/a.txt": b"a dog", "set/readme.md": b"hello"}
    collected = add_uploads(empty, [upload("a.png", picture(1)), upload("all.zip", zipped(files))])
    assert [(row.name, row.caption) for row in collected.added] == [("a.png", ""), ("a.png", "a dog")]
    assert codes(collected) == {"readme.md": "unknown-format"}


def test_what_gets_too_small_when_it_is_shrunk_is_refused(empty: DataSet) -> None:
    collected = add(
        empty,
        a_png=encoded(Image.new("RGB", (64, 20_000), "red")),
        b_png=encoded(Image.new("RGB", (6_000, 180), "red")),
        c_png=encoded(Image.new("RGB", (70, 2_000), "red")),
    )
    assert codes(collected) == {"a.png": "too-small", "b.png": "too-small"}
    assert all("shrunk to 2048" in refused.sentence for refused in collected.refused)
    assert all(min(row.width, row.height) >= 64 for row in empty.pictures.all())


@pytest.mark.parametrize(("chars", "kept"), [(1_000, True), (1_001, False)])
def test_a_prompt_inside_that_is_too_long_for_a_caption_is_told_and_not_cut(
    empty: DataSet, chars: int, kept: bool
) -> None:
    info = PngInfo()
    info.add_text("parameters", "x" * chars + "\nSteps: 20, Sampler: Euler, Seed: 1")
    collected = add(empty, a_png=picture(1, pnginfo=info))
    (row,) = empty.pictures.all()
    assert row.caption == ("x" * chars if kept else "")
    assert codes(collected) == ({} if kept else {"a.png": "long-caption"})
    assert kept or "1,001 characters" in collected.refused[0].sentence


def test_a_made_picture_with_a_long_prompt_is_told_too(empty: DataSet, alice: User, draw: Draw) -> None:
    collected = add_images(empty, [draw(alice, "an apple " * 120)])
    assert [row.caption for row in collected.added] == [""]
    assert [refused.code for refused in collected.refused] == ["long-caption"]
