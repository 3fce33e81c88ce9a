"""What a bucket of any cloud does as the folder of one machine does, against servers of the clouds' protocols."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from generation.storage.buckets.bucket import MEMORY_BYTES

NAME = "images/2026/11/29/abc-1.png"


def test_what_is_kept_is_read_again(bucket: Any) -> None:
    assert bucket.save(NAME, ContentFile(b"a picture")) == NAME
    assert bucket.exists(NAME) and bucket.size(NAME) == 9
    with bucket.open(NAME) as file:
        assert (file.read(2), file.read()) == (b"a ", b"picture")
    assert abs(bucket.get_modified_time(NAME) - timezone.now()) < timedelta(minutes=1)


def test_a_name_is_given_once(bucket: Any) -> None:
    bucket.save(NAME, ContentFile(b"first"))
    other = bucket.save(NAME, ContentFile(b"second"))
    assert other != NAME and other.startswith("images/2026/11/29/abc-1")
    with bucket.open(NAME) as first, bucket.open(other) as second:
        assert (first.read(), second.read()) == (b"first", b"second")


@pytest.mark.parametrize("cloud", ["s3_bucket", pytest.param("azure_container", marks=pytest.mark.slow)])
def test_nor_is_it_where_two_look_at_once(cloud: str, request: pytest.FixtureRequest) -> None:
    """Both find it free before either writes."""
    bucket = request.getfixturevalue(cloud)
    bucket.save(NAME, ContentFile(b"first"))
    assert bucket._save(NAME, ContentFile(b"second")) != NAME
    with bucket.open(NAME) as file:
        assert file.read() == b"first"


def test_what_is_not_there(bucket: Any) -> None:
    assert not bucket.exists(NAME)
    for ask in (bucket.open, bucket.size, bucket.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask(NAME)
    bucket.save(NAME, ContentFile(b"a picture"))
    bucket.delete(NAME)
    bucket.delete(NAME)
    assert not bucket.exists(NAME)


def test_a_name_leads_nowhere_else(bucket: Any) -> None:
    for ask in (bucket.open, bucket.exists, bucket.delete):
        with pytest.raises(SuspiciousOperation):
            ask("../../other-bucket/secret")


def test_folders_are_listed_one_by_one(bucket: Any) -> None:
    for name in (NAME, "images/2026/11/30/abd-1.png", "images/readme", "imagesque/no"):
        bucket.save(name, ContentFile(b"x"))
    assert bucket.listdir("images") == (["2026"], ["readme"])
    folders, files = bucket.listdir("images/2026/11")
    assert (sorted(folders), files) == (["29", "30"], [])
    assert bucket.listdir("images/2026/11/29") == ([], ["abc-1.png"])
    assert bucket.listdir("nothing") == ([], [])


class Watched(io.BytesIO):
    """Tells how much was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


def test_large_files_go_in_pieces(bucket: Any) -> None:
    data = bytes(range(256)) * (3 * MEMORY_BYTES // 256) + b"end"
    body = Watched(data)
    bucket.save("weights/large", File(body))
    assert 0 < body.most <= MEMORY_BYTES
    with bucket.open("weights/large") as file:
        assert file.size == len(data)
        assert file.file._rolled, "what is large lies on the disk while it is read"
        pieces = list(file.chunks())
    assert len(pieces) > 1 and b"".join(pieces) == data


def test_an_upload_is_kept_from_its_beginning(bucket: Any) -> None:
    """Whoever checked it has read it to its end."""
    upload = SimpleUploadedFile("a.png", b"a picture")
    upload.read()
    bucket.save(NAME, upload)
    with bucket.open(NAME) as file:
        assert file.read() == b"a picture"
