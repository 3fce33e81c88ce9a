"""Pictures to start from on the page: brought, painted over, listed, shown to their owner alone, deleted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.imaging import brought
from generation.models import Checkpoint, Draft, Job, SourcePicture
from tests.generation.conftest import Draw
from tests.generation.web.conftest import PART


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def file(colour: Any = "red", size: tuple[int, int] = (128, 128), mode: str = "RGB") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new(mode, size, colour).save(data, "PNG")
    return SimpleUploadedFile("photo.png", data.getvalue())


def test_a_script_brings_a_picture(alices: Client, charlies: Client, catalog: Checkpoint) -> None:
    answer = alices.post("/sources/", {"picture": file()}, headers=PART)
    source = SourcePicture.objects.get()
    assert answer.status_code == 201
    url = f"/sources/{source.code}/file"
    assert answer.json() == {"code": source.code, "width": 128, "height": 128, "has_alpha": False, "url": url}
    assert Image.open(io.BytesIO(alices.get(url).content)).size == (128, 128)
    assert [charlies.get(address).status_code for address in (url, f"/sources/{source.code}/thumbnail")] == [404, 404]


def test_without_a_script_the_draft_starts_from_it(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "a cat", "mask": "old", "grow_left": "8"})
    assert alices.post("/sources/", {"picture": file()})["Location"] == "/create/"
    source = SourcePicture.objects.get()
    fields = Draft.objects.get().fields
    assert (fields["prompt"], fields["source"], fields["mask"], fields["grow_left"]) == ("a cat", source.code, "", "")
    page = alices.get("/create/").text
    assert f'data-code="{source.code}"' in page and 'value="source" checked' in page


def test_what_is_no_picture_is_refused(alices: Client, catalog: Checkpoint) -> None:
    bad = {"picture": SimpleUploadedFile("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")}
    assert alices.post("/sources/", bad, headers=PART).json()["field"] in ("file", "source", "picture")
    assert alices.post("/sources/", {}, headers=PART).json()["code"] == "no-picture"
    assert alices.post("/sources/masks/", {}, headers=PART).json()["code"] == "no-picture"
    assert "Choose a picture first." in alices.post("/sources/", {}, follow=True).text
    assert not SourcePicture.objects.exists()


def test_a_mask_takes_the_place_of_the_last_one(alices: Client, catalog: Checkpoint) -> None:
    codes = [""]
    for level in (10, 20, 30):
        mask = {"picture": file((level,) * 3), "before": codes[-1]}
        codes.append(alices.post("/sources/masks/", mask, headers=PART).json()["code"])
    assert [row.code for row in SourcePicture.objects.all()] == codes[-1:]


def test_a_mask_that_a_job_waits_for_stays(alices: Client, catalog: Checkpoint) -> None:
    source = alices.post("/sources/", {"picture": file()}, headers=PART).json()["code"]
    mask = alices.post("/sources/masks/", {"picture": file("white")}, headers=PART).json()["code"]
    form = {"prompt": "a cat", "steps": "4", "count": "1", "source": source, "mask": mask, "size": "source"}
    assert alices.post("/create/", form, headers=PART).status_code == 201
    alices.post("/sources/masks/", {"picture": file("gray"), "before": mask}, headers=PART)
    assert SourcePicture.objects.filter(code=mask).exists()


def test_what_is_transparent_becomes_a_mask(alices: Client, charlies: Client, catalog: Checkpoint) -> None:
    clear = file((255, 0, 0, 0), mode="RGBA")
    brought_picture = alices.post("/sources/", {"picture": clear}, headers=PART).json()
    assert brought_picture["has_alpha"]
    address = f"/sources/{brought_picture['code']}/alpha/"
    assert charlies.post(address, headers=PART).status_code == 404
    mask = alices.post(address, headers=PART).json()
    pixels = Image.open(io.BytesIO(alices.get(mask["url"]).content)).convert("L")
    assert pixels.getextrema() == (255, 255)


def test_they_are_listed_and_deleted(alices: Client, charlies: Client, catalog: Checkpoint) -> None:
    code = alices.post("/sources/", {"picture": file()}, headers=PART).json()["code"]
    assert "photo.png" in alices.get("/sources/").text
    assert "photo.png" not in charlies.get("/sources/").text
    assert charlies.post(f"/sources/{code}/delete/").status_code == 404
    assert alices.post(f"/sources/{code}/delete/")["Location"] == "/sources/"
    assert not SourcePicture.objects.exists()


def test_ones_own_image_is_shown_without_a_copy(alices: Client, charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert alices.get(f"/sources/{image.code}/file").status_code == 200
    assert charlies.get(f"/sources/{image.code}/file").status_code == 404
    assert not SourcePicture.objects.exists()


def test_a_start_that_is_gone_is_said(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "a cat", "source": "gone"})
    assert "not there any more" in alices.get("/create/").text
    answer = alices.post("/create/", {"prompt": "a cat", "source": "gone"}, headers=PART)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "source")
    assert not Job.objects.exists()
