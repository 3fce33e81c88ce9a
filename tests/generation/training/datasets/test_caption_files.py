"""Caption files: every spelling of their names, every encoding that can be told, and a refusal by name for the rest."""

from __future__ import annotations

import pytest
from PIL.PngImagePlugin import PngInfo

from accounts.models import User
from generation.models import DataSet
from generation.training.datasets.caption_files import (
    MAX_CAPTION_BYTES,
    CaptionFile,
    CaptionFiles,
    is_caption_file,
    read_caption,
)
from generation.training.datasets.preparing import MAX_CAPTION_CHARS, PixelBudget, prepare_picture
from generation.training.datasets.refusals import FileRefused
from generation.training.datasets.uploads import Collected, add_uploads
from tests.generation.training.datasets.conftest import MakeDataSet, picture, upload, zipped

INK = "ink, a tree"
CAFE = "the artist’s café"
SHIFT_JIS = "墨, 木".encode("shift_jis")


@pytest.fixture
def empty(alice: User, make_dataset: MakeDataSet) -> DataSet:
    return make_dataset(alice)


def refusal(data: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_caption(data)
    return refused.value.code


def codes(collected: Collected) -> dict[str, str]:
    return {refused.name: refused.code for refused in collected.refused}


def captions(dataset: DataSet) -> dict[str, str]:
    return dict(dataset.pictures.values_list("name", "caption"))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (INK.encode(), INK),
        (INK.encode("utf-8-sig"), INK),
        (b"\xef\xbb\xbf" + INK.encode("utf-8-sig"), INK),
        (INK.encode("utf-16"), INK),
        (b"\xfe\xff" + "墨, 木".encode("utf-16-be"), "墨, 木"),
        (INK.encode("utf-32"), INK),
        ("墨, 木 🖋️".encode(), "墨, 木 🖋️"),
        (CAFE.encode("cp1252"), CAFE),
        ("un café, déjà vu".encode(), "un café, déjà vu"),
        ("a café".encode("latin-1"), "a café"),
        (b" a red\r\n\tapple\n", "a red apple"),
        (b"", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_encodings_that_can_be_told(data: bytes, text: str) -> None:
    assert read_caption(data) == text


@pytest.mark.parametrize(
    "data",
    [
        SHIFT_JIS,
        "水墨，一棵树".encode("gbk"),
        "水墨, a tree".encode("big5"),
        "수묵화".encode("cp949"),
        "чернила, дерево".encode("cp1251"),
        "a в b".encode("cp1251"),
        "μελάνι".encode("cp1253"),
        "žluťoučký kůň".encode("cp1250"),
        "kočka.".encode("cp1250"),
        INK.encode("utf-16-le"),
        INK.encode("utf-16")[:-1],
        b"\xff\xfe\x00\xd8",
        "a caf\ufffd".encode(),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\x00",
    ],
)
def test_what_cannot_be_told_is_refused(data: bytes) -> None:
    assert refusal(data) == "unreadable-caption"


def test_limits_are_told_as_limits() -> None:
    assert refusal(b"a" * (MAX_CAPTION_BYTES + 1)) == "file-too-large"
    with pytest.raises(FileRefused, match=r"1,001 characters; at most 1,000") as refused:
        read_caption(b"a" * (MAX_CAPTION_CHARS + 1))
    assert refused.value.code == "long-caption"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.txt", True), ("a.TXT", True), ("a.caption", True), ("a.png.txt", True), ("a.png", False), (".txt", False)],
)
def test_names_of_caption_files(name: str, expected: bool) -> None:
    assert is_caption_file(name) is expected


def given(*names: str) -> CaptionFiles:
    files = CaptionFiles()
    for name in names:
        files.add(name, name.encode())
    return files


@pytest.mark.parametrize(
    ("file", "of"),
    [
        ("x.txt", "x.png"),
        ("x.caption", "x.png"),
        ("x.png.txt", "x.png"),
        ("x.png.caption", "x.png"),
        ("X.TXT", "x.Png"),
        ("one/x.txt", "one/x.png"),
        ("one\\x.txt", "one/x.png"),
        ("v1.5 b.txt", "v1.5 b.png"),
        ("x.png.txt", "x.png.jpg"),
        ("cafe\u0301.txt", "caf\u00e9.png"),
    ],
)
def test_a_caption_finds_its_picture(file: str, of: str) -> None:
    files = given(file)
    assert files.caption_of(of) == file
    assert list(files.left()) == []


@pytest.mark.parametrize(("file", "of"), [("x.jpg.txt", "x.png"), ("one/x.txt", "two/x.png"), ("xy.txt", "x.png")])
def test_a_caption_of_another_picture_is_left(file: str, of: str) -> None:
    files = given(file)
    assert files.caption_of(of) == ""
    assert list(files.left()) == [CaptionFile(file.rpartition("/")[2], file)]


@pytest.mark.parametrize(
    ("names", "read", "refused"),
    [
        (("x.txt", "x.caption"), "x.txt", "x.caption"),
        (("x.txt", "x.png.txt"), "x.png.txt", "x.txt"),
        (("x.txt", "X.txt"), "x.txt", "X.txt"),
    ],
)
def test_of_two_files_for_one_picture_one_is_refused(names: tuple[str, ...], read: str, refused: str) -> None:
    files = given(*names)
    assert files.caption_of("x.png") == read
    assert [(left.name, getattr(left, "code", "")) for left in files.left()] == [(refused, "second-caption")]


def test_a_file_of_two_pictures_is_of_both() -> None:
    files = given("x.txt", "x.png.txt")
    assert [files.caption_of("x.png"), files.caption_of("x.jpg")] == ["x.png.txt", "x.txt"]
    assert list(files.left()) == []


ENCODINGS = {
    "utf8bom.txt": INK.encode("utf-8-sig"),
    "utf16.txt": "ink, a quiet lake".encode("utf-16"),
    "cp1252.txt": CAFE.encode("cp1252"),
    "shiftjis.txt": SHIFT_JIS,
}


@pytest.mark.parametrize("packed", [False, True])
def test_a_set_in_many_encodings(empty: DataSet, packed: bool) -> None:
    pictures = {name.replace(".txt", ".png"): picture(seed) for seed, name in enumerate(ENCODINGS)}
    files = {**pictures, **ENCODINGS}
    sent = [("all.zip", zipped(files))] if packed else files.items()
    collected = add_uploads(empty, [upload(name, data) for name, data in sent])
    assert codes(collected) == {"shiftjis.txt": "unreadable-caption"}
    assert captions(empty) == {
        "utf8bom.png": INK,
        "utf16.png": "ink, a quiet lake",
        "cp1252.png": CAFE,
        "shiftjis.png": "",
    }


@pytest.mark.parametrize("packed", [False, True])
def test_a_set_with_other_names(empty: DataSet, packed: bool) -> None:
    files = {
        "10_ink/a.png": picture(1),
        "10_ink/a.caption": b"ink style, a tree",
        "10_ink/b.png": picture(2),
        "10_ink/b.png.txt": b"ink style, a lake",
    }
    sent = [("kohya.zip", zipped(files))] if packed else files.items()
    assert codes(add_uploads(empty, [upload(name, data) for name, data in sent])) == {}
    assert captions(empty) == {"a.png": "ink style, a tree", "b.png": "ink style, a lake"}


def test_captions_that_come_later(empty: DataSet) -> None:
    long = "a very long name " * 8
    add_uploads(empty, [upload(name, picture(seed)) for seed, name in enumerate(["a.png", "b.png", f"{long}.png"])])
    names = ["a.caption", "a.png.txt", "b.png.txt", f"{long}.txt"]
    collected = add_uploads(empty, [upload(name, name[:40].encode()) for name in names])
    assert codes(collected) == {"a.png.txt": "second-caption"}
    assert list(captions(empty).values()) == ["a.caption", "b.png.txt", long[:40].strip()]


def test_a_long_text_is_refused_and_its_picture_kept(empty: DataSet) -> None:
    collected = add_uploads(empty, [upload("a.png", picture(1)), upload("a.txt", b"a" * (MAX_CAPTION_BYTES + 1))])
    assert codes(collected) == {"a.txt": "file-too-large"}
    assert captions(empty) == {"a.png": ""}


def test_a_prompt_with_replacement_signs_is_no_caption() -> None:
    chunk = PngInfo()
    chunk.add_itxt("parameters", "a caf\ufffd\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64")
    assert prepare_picture(picture(1, pnginfo=chunk), PixelBudget(0)).caption == ""
