"""Signed addresses: who may see a file is led into the bucket, and nobody else; nothing goes through us."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from django.test import Client
from PIL import Image

from accounts.models import User
from config import tasks
from config.exports import queue
from generation.models import AccountExport, GeneratedImage
from generation.storage import files
from tests.bucket_servers import S3Server
from tests.conftest import PASSWORD
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights
from tests.platform.test_exports import content

__all__ = ["finish", "publish", "send_in", "weights"]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with closing(S3Server()) as server:
        yield server


@pytest.fixture(autouse=True)
def in_bucket(server: S3Server, settings: Any) -> S3Server:
    server.empty()
    bucket = {"BACKEND": "generation.storage.buckets.s3.S3Bucket", "OPTIONS": server.options()}
    settings.STORAGES = {**settings.STORAGES, "default": bucket}
    settings.IN_BUCKET = settings.SIGNED_MEDIA = True
    return server


@pytest.fixture
def image(finish: Finish, alice: User) -> GeneratedImage:
    return finish(alice)


def led(answer: Any, server: S3Server) -> str:
    assert answer.status_code == 302, answer
    assert answer["Location"].startswith(f"{server.url}/pictures/")
    assert parse_qs(urlsplit(answer["Location"]).query)["X-Amz-Expires"] == ["120"]
    return str(answer["Location"])


@pytest.mark.parametrize("kind", ["file", "thumbnail", "download/png"])
def test_ones_own_pictures(
    alices: Client, charlies: Client, image: GeneratedImage, server: S3Server, kind: str
) -> None:
    address = f"/images/{image.code}/{kind}"
    answer = alices.get(address)
    assert answer["Cache-Control"] == "private, no-store"
    with urlopen(led(answer, server)) as fetched:
        shown = Image.open(io.BytesIO(fetched.read()))
        assert shown.format == ("WEBP" if kind == "thumbnail" else "PNG")
        assert fetched.headers["Content-Type"] == f"image/{str(shown.format).lower()}"
        how = "attachment" if "download" in kind else "inline"
        assert fetched.headers["Content-Disposition"].startswith(f'{how}; filename="')
    assert (
        charlies.get(address).status_code == 404 == Client().get(address).status_code
        or "login" in Client().get(address)["Location"]
    )


def test_we_fetch_nothing_for_it(alices: Client, image: GeneratedImage, server: S3Server) -> None:
    server.is_bad = True
    led(alices.get(f"/images/{image.code}/file"), server)
    assert server.refused == 0


def test_another_format_is_made_here(alices: Client, image: GeneratedImage) -> None:
    answer = alices.get(f"/images/{image.code}/download/jpeg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")


def test_a_public_picture(alice: User, client: Client, publish: Publish, server: S3Server) -> None:
    """Caches may keep the way for half of the time that it leads there."""
    post = publish(alice)
    answer = client.get(f"/gallery/{post.code}/thumbnail")
    assert "max-age=60" in answer["Cache-Control"] and "public" in answer["Cache-Control"]
    with urlopen(led(answer, server)) as fetched:
        assert fetched.headers["Content-Type"] == "image/webp"


def test_files_over_the_api(alices_api: Any, image: GeneratedImage, server: S3Server) -> None:
    answer = alices_api.get(f"/api/v1/images/{image.code}/file/png")
    assert answer["Cache-Control"] == "private, no-store"
    with urlopen(led(answer, server)) as fetched:
        assert fetched.read() == files.read(image.file)


@pytest.mark.parametrize("signed", [True, False])
def test_a_copy_of_ones_data(
    alices: Client, alice: User, image: GeneratedImage, server: S3Server, settings: Any, signed: bool
) -> None:
    """It may be made on another machine than the one that is asked for it."""
    settings.SIGNED_MEDIA = signed
    queue.ask_for_export(alice)
    assert tasks.export_accounts() == 1
    export = AccountExport.objects.get()
    assert files.is_there(f"exports/{export.file}") and not list(settings.EXPORTS_DIR.iterdir())
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = alices.get("/account/export/file")
    assert answer["Cache-Control"] == "private, no-store"
    if signed:
        with urlopen(led(answer, server)) as fetched:
            assert fetched.read(2) == b"PK"
            assert "attachment" in fetched.headers["Content-Disposition"]
    else:
        assert answer.status_code == 200 and int(answer["Content-Length"]) == len(content(answer)) == export.size_bytes


def test_a_copy_goes_with_its_row(alice: User, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    queue.ask_for_export(alice)
    tasks.export_accounts()
    name = AccountExport.objects.get().file
    with django_capture_on_commit_callbacks(execute=True):
        queue.forget_exports(alice)
    assert not files.is_there(f"exports/{name}")


def test_a_copy_waits_for_a_bucket_that_is_away(alice: User, image: GeneratedImage, server: S3Server) -> None:
    export = queue.ask_for_export(alice)
    server.is_bad = True
    from config.exports import archive

    claimed = queue.claim_next()
    assert claimed is not None and not archive.make(claimed)
    export.refresh_from_db()
    assert export.state == AccountExport.State.QUEUED
    server.is_bad = False
    assert tasks.export_accounts() == 1
