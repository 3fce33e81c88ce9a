"""The bytes of own pictures: the file, its thumbnail, and the four downloads."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.imaging.reading import read_picture_metadata
from generation.jobs import svg
from generation.jobs.svg import trace
from generation.models import GeneratedImage
from generation.models.leases import MAX_CRASHES
from generation.storage import files

Draw = Callable[..., GeneratedImage]
XMP = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def test_the_file_works(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    answer = alices.get(f"/images/{image.code}/file")
    assert Image.open(io.BytesIO(answer.content)).size == (128, 128)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{image.code}.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_the_thumbnail_works(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    answer = alices.get(f"/images/{image.code}/thumbnail")
    assert answer.headers["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


@pytest.mark.parametrize("name", ["file", "thumbnail"])
def test_the_owner_does_not_fetch_twice(alices: Client, alice: User, draw: Draw, name: str) -> None:
    image = draw(alice)
    first = alices.get(f"/images/{image.code}/{name}")
    again = alices.get(f"/images/{image.code}/{name}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["file", "thumbnail", "download/png", "download/svg"])
def test_charlie_gets_404_even_with_the_right_etag(
    alices: Client, charlies: Client, alice: User, draw: Draw, name: str
) -> None:
    image = draw(alice)
    etag = alices.get(f"/images/{image.code}/file").headers["ETag"]
    assert charlies.get(f"/images/{image.code}/{name}", headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize("name", ["file", "thumbnail", "download/png"])
def test_what_was_deleted_is_not_served(alices: Client, alice: User, draw: Draw, name: str) -> None:
    image = draw(alice)
    alices.post(f"/images/{image.code}/delete/")
    assert alices.get(f"/images/{image.code}/{name}").status_code == 404


@pytest.mark.parametrize("format_name", ["png", "jpeg", "webp"])
def test_downloads_carry_recipe_and_provenance(alices: Client, alice: User, draw: Draw, format_name: str) -> None:
    image = draw(alice, "a ☃ in “snow”")
    answer = alices.get(f"/images/{image.code}/download/{format_name}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == f"image/{format_name}"
    assert read_picture_metadata(answer.content).prompt == "a ☃ in “snow”"
    assert XMP in answer.content


def test_the_png_is_served_as_it_was_kept(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    kept = alices.get(f"/images/{image.code}/file").content
    assert alices.get(f"/images/{image.code}/download/png").content == kept


def test_svg_is_asked_for_traced_and_fetched(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    early = alices.get(f"/images/{image.code}/download/svg")
    assert early.headers["Location"] == f"/images/{image.code}/"
    assert "has not been traced yet" in alices.get(f"/images/{image.code}/").text
    assert alices.post(f"/images/{image.code}/trace/").headers["Location"] == f"/images/{image.code}/"
    assert "being traced" in alices.get(f"/images/{image.code}/tracing/").text
    page = alices.get(f"/images/{image.code}/").text
    assert "It will be among its downloads in a moment." in page and "Look again</a>" in page.partition("<noscript>")[2]
    trace(image.pk)
    assert 'data-svg="ready"' in alices.get(f"/images/{image.code}/").text
    answer = alices.get(f"/images/{image.code}/download/svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"<path" in answer.content and XMP in answer.content and b"a red apple" in answer.content


def test_a_tracing_that_failed_says_why(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    GeneratedImage.objects.update(svg_state="failed", svg_message="The paths would be larger than 5 MB.")
    page = alices.get(f"/images/{image.code}/").text
    assert "The paths would be larger than 5 MB." in page
    assert "trace again" in page


def test_an_unknown_format_is_404(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert alices.get(f"/images/{image.code}/download/exe").status_code == 404


def test_charlie_has_nothing_traced(charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert charlies.post(f"/images/{image.code}/trace/").status_code == 404
    image.refresh_from_db()
    assert image.svg_state == "none"


def test_a_tracing_that_breaks_ends_and_may_be_asked_for_again(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    file = files.read(image.file)
    alices.post(f"/images/{image.code}/trace/")
    files.discard(image.file)
    assert trace(image.pk) == "failed"
    assert "could not be traced just now" in alices.get(f"/images/{image.code}/tracing/").text
    files.write(image.file, file)
    alices.post(f"/images/{image.code}/trace/")
    assert trace(image.pk) == "ready"


def test_a_tracing_that_kills_its_worker_is_given_up(
    alices: Client, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a SIGKILL: nothing is caught and nothing written after it."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    image = draw(alice)
    alices.post(f"/images/{image.code}/trace/")
    with monkeypatch.context() as killing:
        killing.setattr(svg, "vectorize", kill)
        for _ in range(MAX_CRASHES):
            with pytest.raises(Killed):
                trace(image.pk)
            assert trace(image.pk) == "nothing to do", "its lease still holds"
            GeneratedImage.objects.update(svg_lease_until=Now() - timedelta(seconds=1))
        assert trace(image.pk) == "failed"
    assert "stopped again and again" in alices.get(f"/images/{image.code}/tracing/").text
    alices.post(f"/images/{image.code}/trace/")
    assert trace(image.pk) == "ready"


def test_a_tracing_whose_message_was_lost_gets_another(
    alices: Client, alice: User, draw: Draw, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    image = draw(alice)
    alices.post(f"/images/{image.code}/trace/")
    wakeups_sent.clear()
    assert svg.recover() == 0
    GeneratedImage.objects.update(svg_announced_at=Now() - timedelta(seconds=61))
    assert svg.recover() == 1 and wakeups_sent == [("generation.tasks.trace_image", image.pk)]
    assert svg.recover() == 0


@pytest.mark.parametrize("what", ["file", "thumbnail", "download/png", "download/jpeg"])
def test_a_file_that_is_gone(alices: Client, alices_api: APIClient, alice: User, draw: Draw, what: str) -> None:
    """The row is there and its file is not: lost with a disk, or taken away by hand."""
    image = draw(alice)
    files.discard(image.file, image.thumbnail)
    answer = alices.get(f"/images/{image.code}/{what}", headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.json()["code"]) == (404, "file-gone")
    assert alices.get(f"/images/{image.code}/{what}", follow=True).status_code in (200, 404)
    problem = alices_api.get(f"/api/v1/images/{image.code}/file/png")
    assert (problem.status_code, problem.json()["code"]) == (404, "file-gone")
