"""The Create form with a picture to start from: what becomes of its fields, with and without a script."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client

from accounts.models import User
from generation.imaging import brought
from generation.models import Checkpoint, Draft, Job, SourcePicture
from generation.recipes.starting import Start
from tests.generation.conftest import Draw
from tests.generation.web.conftest import PART
from tests.generation.web.create.test_sources import file

FORM = {"prompt": "a cat", "steps": "8", "count": "1"}


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


@pytest.fixture
def source(alices: Client, catalog: Checkpoint) -> str:
    return str(alices.post("/sources/", {"picture": file(size=(128, 64))}, headers=PART).json()["code"])


@pytest.fixture
def mask(alices: Client, catalog: Checkpoint) -> str:
    return str(alices.post("/sources/masks/", {"picture": file("white", (128, 64))}, headers=PART).json()["code"])


def send(client: Client, **fields: Any) -> HttpResponseBase:
    return client.post("/create/", {**FORM, **fields}, headers=PART)


def start_of_job() -> Start:
    start = Job.objects.get().recipe.start
    assert start is not None
    return start


def test_it_becomes_part_of_the_recipe(alices: Client, source: str, mask: str) -> None:
    answer = send(
        alices, source=source, mask=mask, size="source", start_strength="0.4", mask_blur="6", masked_content="fill",
        padding="16", grow_right="64", fit="fill",
    )  # fmt: skip
    assert answer.status_code == 201
    start = start_of_job()
    assert (start.source.code, start.mask and start.mask.code) == (source, mask)
    assert (start.strength, start.mask_blur, start.masked_content, start.fit) == (0.4, 6, "fill", "fill")
    assert start.grow == (0, 0, 64, 0)
    recipe = Job.objects.get().recipe
    assert (recipe.width, recipe.height) == (192, 64)


def test_an_untouched_form_takes_what_is_usual(alices: Client, source: str) -> None:
    send(alices, source=source)
    usual = start_of_job()
    assert usual == Start(usual.source)


def test_around_the_mask_is_drawn_in_the_checkpoints_own_size(alices: Client, source: str, mask: str) -> None:
    send(alices, source=source, mask=mask, size="source", area="masked")
    recipe = Job.objects.get().recipe
    assert (recipe.width, recipe.height) == (128, 128)


@pytest.mark.parametrize(
    ("fields", "at", "status"),
    [
        ({"start_strength": "1.5"}, "start_strength", 422),
        ({"start_strength": "x"}, "start_strength", 400),
        ({"area": "masked"}, "area", 422),
        ({"area": "moon"}, "area", 422),
        ({"grow_left": "5000"}, "grow_left", 422),
        ({"mask": "gone"}, "mask", 404),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    alices: Client, source: str, fields: dict[str, str], at: str, status: int
) -> None:
    answer = send(alices, source=source, **fields)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == [at]  # type: ignore[attr-defined]
    assert not Job.objects.exists()


def test_a_mask_of_another_size_is_refused_with_both_sizes(alices: Client, source: str) -> None:
    mask = alices.post("/sources/masks/", {"picture": file("white", (64, 64))}, headers=PART).json()["code"]
    error = send(alices, source=source, mask=mask).json()["errors"][0]  # type: ignore[attr-defined]
    assert (error["field"], error["code"]) == ("mask", "bad-mask-size")
    assert "64×64" in error["detail"] and "128×64" in error["detail"]


def test_an_empty_mask_is_refused(alices: Client, source: str) -> None:
    mask = alices.post("/sources/masks/", {"picture": file("black", (128, 64))}, headers=PART).json()["code"]
    assert send(alices, source=source, mask=mask).json()["errors"][0]["code"] == "empty-mask"  # type: ignore[attr-defined]


def test_charlie_cannot_start_from_it(charlies: Client, source: str) -> None:
    answer = send(charlies, source=source)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "source")  # type: ignore[attr-defined]
    assert not Job.objects.exists()


def test_its_price_follows_the_strength(alices: Client, source: str) -> None:
    asked = {**FORM, "source": source, "size": "1024x512", "steps": "40"}
    whole, half = (
        alices.get("/create/price/", {**asked, "start_strength": strength}).json()["credits"]
        for strength in ("1", "0.5")
    )
    assert whole == 2 * half > 2


def test_files_alone_are_enough_without_a_script(alices: Client, catalog: Checkpoint) -> None:
    files = {"source_file": file(size=(128, 64)), "mask_file": file("white", (128, 64))}
    assert alices.post("/create/", {**FORM, **files, "size": "source"})["Location"] == "/create/"
    start = start_of_job()
    assert start.mask is not None and start.source.size == (128, 64)
    fields = Draft.objects.get().fields
    assert {fields["source"], fields["mask"]} == set(SourcePicture.objects.values_list("code", flat=True))


def test_a_bad_file_is_refused_and_the_form_stays(alices: Client, catalog: Checkpoint) -> None:
    answer = alices.post("/create/", {**FORM, "source_file": SimpleUploadedFile("x.png", b"nothing")})
    assert answer.status_code == 400
    assert ">a cat</textarea>" in answer.text
    assert not Job.objects.exists()


def test_a_picture_is_changed_with_its_recipe_and_a_new_seed(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "a pear", steps=5, seed=77)
    page = alices.get("/create/", {"change": image.code}).text
    assert f'name="source" value="{image.code}"' in page
    assert ">a pear</textarea>" in page and 'value="77"' not in page
    assert 'value="source" checked' in page


def test_the_recipe_of_a_changed_picture_comes_back_whole(alices: Client, source: str, mask: str) -> None:
    send(alices, source=source, mask=mask, start_strength="0.4", grow_top="32")
    page = alices.get("/create/", {"job": Job.objects.get().code}).text
    assert f'name="source" value="{source}"' in page and f'name="mask" value="{mask}"' in page
    assert 'name="grow_top" type="number"' in page and 'value="32"' in page and 'value="0.4"' in page


def test_nothing_is_started_from_any_more(alices: Client, source: str) -> None:
    alices.post("/create/draft/", {**FORM, "source": source, "size": "source"})
    page = alices.get("/create/", {"source": "none"}).text
    assert 'name="source" value=""' in page and 'value="128x128"' in page
    assert ">a cat</textarea>" in page
