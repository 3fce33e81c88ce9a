"""/api/v1/images: one's own pictures, as data and as files."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.jobs.svg import trace
from generation.models import GeneratedImage
from tests.generation.conftest import Draw

URL = "/api/v1/images"


def test_it_works(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image = draw(alice, "a red apple")
    draw(alice, "a blue car")
    assert [row["recipe"]["prompt"] for row in alices_api.get(URL).json()["results"]] == ["a blue car", "a red apple"]
    assert [row["code"] for row in alices_api.get(f"{URL}?q=apple+red").json()["results"]] == [image.code]
    body = alices_api.get(f"{URL}/{image.code}").json()
    assert body["infotext"].startswith("a red apple\nSteps: 4")
    assert set(body["downloads"]) == {"png", "jpeg", "webp"}


@pytest.mark.parametrize("name, form", [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_files(alices_api: APIClient, alice: User, draw: Draw, name: str, form: str) -> None:
    answer = alices_api.get(f"{URL}/{draw(alice).code}/file/{name}")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == form
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"].startswith("attachment;")


def test_svg_is_traced_on_request(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image = draw(alice)
    early = alices_api.get(f"{URL}/{image.code}/file/svg")
    assert (early.status_code, early.json()["code"]) == (409, "not-traced")
    assert alices_api.post(f"{URL}/{image.code}/trace").json()["svg_state"] == "waiting"
    assert trace(image.pk) == "ready"
    assert alices_api.get(f"{URL}/{image.code}/file/svg").content.lstrip().startswith(b"<")


def test_an_unknown_format(alices_api: APIClient, alice: User, draw: Draw) -> None:
    answer = alices_api.get(f"{URL}/{draw(alice).code}/file/gif")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-format")


def test_delete(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert alices_api.delete(f"{URL}/{image.code}").status_code == 204
    assert alices_api.get(f"{URL}/{image.code}").status_code == 404
    assert GeneratedImage.objects.get().deleted_at is not None


def test_charlies_pictures_are_not_there(alices_api: APIClient, charlie: User, draw: Draw) -> None:
    from accounts.credits import grant

    grant(charlie, 10, reference="gift")
    code = draw(charlie).code
    for path in (code, f"{code}/file/png"):
        assert alices_api.get(f"{URL}/{path}").status_code == 404
    assert alices_api.delete(f"{URL}/{code}").status_code == 404
    assert alices_api.post(f"{URL}/{code}/trace").status_code == 404


@pytest.mark.parametrize("side", ["", "?side=320", "?side=640", "?side=1280"])
def test_a_smaller_one(alices_api: APIClient, alice: User, draw: Draw, side: str) -> None:
    image = draw(alice)
    address = alices_api.get(f"{URL}/{image.code}").json()["small"]
    answer = alices_api.get(f"{address}{side}")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == "WEBP" and max(picture.size) <= 1280
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("side", ["0", "x", "321"])
def test_a_size_that_there_is_not(alices_api: APIClient, alice: User, draw: Draw, side: str) -> None:
    assert alices_api.get(f"{URL}/{draw(alice).code}/small?side={side}").json()["code"] == "bad-side"
