"""Zips are taken apart without trust: too many, too large, too dense, locked, linked and broken entries are refused."""

from __future__ import annotations

import io
import struct
import time
import zipfile

import pytest

from generation.training.datasets import archives
from generation.training.datasets.archives import Entry, entries_of, looks_like_zip
from generation.training.datasets.caption_files import CaptionFile
from generation.training.datasets.refusals import FileRefused, RefusedFile
from tests.generation.training.datasets.conftest import zipped

BODY = bytes(range(256)) * 4


def opened(data: bytes) -> list[Entry | CaptionFile | RefusedFile]:
    return list(entries_of(io.BytesIO(data)))


def codes(data: bytes) -> dict[str, str]:
    return {each.name: each.code for each in opened(data) if isinstance(each, RefusedFile)}


def refusal(data: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        opened(data)
    return refused.value.code


def test_it_works() -> None:
    files = {"one/a.png": BODY, "one/a.txt": b"an apple", "two/a.PNG": BODY + b"2", "two/A.txt": b"a pear"}
    assert opened(zipped(files)) == [Entry("a.png", BODY, "an apple"), Entry("a.PNG", BODY + b"2", "a pear")]


def test_captions_without_a_picture_come_last() -> None:
    files = {"one/b.txt": b"a pear", "one/a.png": BODY, "two/a.txt": b"of another folder"}
    assert opened(zipped(files)) == [
        Entry("a.png", BODY),
        CaptionFile("b.txt", "a pear"),
        CaptionFile("a.txt", "of another folder"),
    ]


def test_names_that_begin_with_nul() -> None:
    """`zipfile` ends a name at its first NUL, and then cannot say whether the empty rest is a folder."""
    data = zipped({"Xa.png": BODY, "b.png": BODY}).replace(b"Xa.png", b"\0a.png")
    assert opened(data) == [
        RefusedFile("a file without a name", "bad-name", "This file of the zip has no name."),
        Entry("b.png", BODY),
    ]


def test_folders_and_what_file_managers_leave_are_passed_over() -> None:
    assert opened(zipped({"one/": b"", "__MACOSX/._a.png": b"x", "one/.DS_Store": b"x", "Thumbs.db": b"x"})) == []


def test_paths_are_only_names() -> None:
    names = {"../../evil.png": BODY, "/root/abs.png": BODY, "c:\\win.png": BODY}
    assert [each.name for each in opened(zipped(names))] == ["evil.png", "abs.png", "win.png"]


def test_what_is_squeezed_too_hard_is_refused_and_the_rest_kept() -> None:
    found = opened(zipped({"bomb.png": bytes(12 * 2**20), "good.png": BODY}))
    assert [(type(each), each.name) for each in found] == [(RefusedFile, "bomb.png"), (Entry, "good.png")]


def test_a_file_larger_than_a_picture_may_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1000)
    assert codes(zipped({"large.png": BODY})) == {"large.png": "file-too-large"}


def test_a_size_that_the_zip_lies_about_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1000)
    data = bytearray(zipped({"large.png": BODY}))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.rfind(signature) + offset
        data[place : place + 4] = struct.pack("<L", 10)
    assert set(codes(bytes(data)).values()) <= {"file-too-large", "damaged-file"}
    assert len(opened(bytes(data))) == 1


def test_all_files_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 2500)
    data = zipped({f"{n}.png": BODY for n in range(4)}, zipfile.ZIP_STORED)
    assert codes(data) == {"2.png": "zip-unpacks-too-large", "3.png": "zip-unpacks-too-large"}


def test_archives_in_archives_are_not_opened() -> None:
    data = zipped({"inner.png": BODY})
    assert refusal(zipped({"inner.zip": data}, zipfile.ZIP_STORED)) == "damaged-zip"
    padded = zipped({"inner.zip": data, "z.png": bytes(2**17)}, zipfile.ZIP_STORED)
    assert codes(padded) == {"inner.zip": "nested-archive"}
    assert codes(zipped({"photos.7z": b"x"})) == {"photos.7z": "nested-archive"}


def test_links_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert codes(file.getvalue()) == {"link.png": "link"}


def test_locked_files_are_refused() -> None:
    data = bytearray(zipped({"a.png": BODY}))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(signature) + offset] |= 1
    assert codes(bytes(data)) == {"a.png": "locked"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_packings_are_refused(method: int) -> None:
    assert codes(zipped({"a.png": BODY}, method)) == {"a.png": "unknown-packing"}


def test_a_broken_entry_does_not_hide_the_next() -> None:
    data = bytearray(zipped({"a.png": BODY, "b.png": BODY[::-1]}, zipfile.ZIP_STORED))
    data[200] ^= 0xFF
    found = opened(bytes(data))
    assert [(type(each), each.name) for each in found] == [(RefusedFile, "a.png"), (Entry, "b.png")]


def test_too_many_entries_are_not_even_listed() -> None:
    assert refusal(zipped({f"{n}.txt": b"" for n in range(archives.MAX_ENTRIES + 1)})) == "too-many-files"


def test_a_zip_that_is_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 100)
    assert refusal(zipped({"a.png": BODY})) == "zip-too-large"


def test_two_ends_or_a_64_bit_end_are_refused() -> None:
    good = zipped({"a.png": BODY})
    assert refusal(good + b"PK\x05\x06" + bytes(18)) == "damaged-zip"
    end = good.rfind(b"PK\x05\x06")
    assert refusal(good[:end] + b"PK\x06\x07" + bytes(16) + good[end:]) == "damaged-zip"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, bytes(5000)])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refusal(data) in {"damaged-zip", "too-many-files"}


def test_entries_that_share_their_bytes_are_bounded() -> None:
    """Many entries that all point at one squeezed body: the zip stays small, what comes out is counted."""
    body = zipped({"a.png": bytes(60_000)})
    local_end = body.find(b"PK\x01\x02")
    entry, end = body[local_end : body.rfind(b"PK\x05\x06")], body[body.rfind(b"PK\x05\x06") :]
    count = 900
    tail = bytearray(end)
    struct.pack_into("<HHL", tail, 8, count, count, len(entry) * count)
    started = time.monotonic()
    found = opened(body[:local_end] + entry * count + bytes(tail))
    assert len(found) == count and time.monotonic() - started < 30
    assert sum(len(each.data) for each in found if isinstance(each, Entry)) <= archives.MAX_UNPACKED_BYTES


def test_zips_are_known_by_their_first_bytes() -> None:
    assert looks_like_zip(io.BytesIO(zipped({"a": b"b"})))
    assert not looks_like_zip(io.BytesIO(b"\x89PNG"))
