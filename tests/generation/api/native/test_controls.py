"""The API's ControlNets: listed, asked for in a recipe, told back; and masks selected by click."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.jobs.sources import bring_picture
from generation.models import Annotator, Checkpoint, ControlNet, Job, SourcePicture
from generation.recipes.controls import PREPROCESSORS
from tests.conftest import credits_of
from tests.generation.catalog.test_controlnets import annotator, controlnet
from tests.generation.conftest import add_worker


@pytest.fixture
def source(alice: User) -> SourcePicture:
    image = Image.new("RGB", (96, 64), (230, 230, 230))
    image.paste((200, 30, 30), (20, 10, 60, 50))
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return bring_picture(alice, file)


@pytest.fixture
def edges(catalog: Checkpoint) -> ControlNet:
    return controlnet()


def body(**control: Any) -> dict[str, Any]:
    return {"prompt": "a cat", "steps": 4, "controls": [{"name": "edges", **control}]}


def test_they_are_listed(client: Client, alice: User, edges: ControlNet) -> None:
    controlnet("mine-canny", "sd1", owner=alice, is_public=False)
    (row,) = client.get("/api/v1/controlnets").json()["results"]
    assert (row["name"], row["family"], row["usual_preprocessor"]) == ("edges", "mini", "none")
    assert client.get("/api/v1/controlnets", {"family": "sd1"}).json()["results"] == []


def test_preprocessors_are_listed_with_the_sites_own(client: Client, db: None) -> None:
    annotator()
    annotator("clicks", "segment")
    rows = client.get("/api/v1/preprocessors").json()
    assert [row["name"] for row in rows] == [*PREPROCESSORS, "far"]
    assert [row["name"] for row in rows if row["needs_weights"]] == ["far"]


def test_a_recipe_takes_them_and_tells_them_back(
    alices_api: APIClient, edges: ControlNet, source: SourcePicture
) -> None:
    asked = body(picture=source.code, preprocessor="canny", weight=0.7, end=0.5, low=40)
    made = alices_api.post("/api/v1/jobs", asked, format="json")
    assert made.status_code == 202, made.json()
    job = Job.objects.get(code=made.json()["jobs"][0]["code"])
    (pick,) = job.recipe.controls
    assert (pick.sha256, pick.picture.sha256, pick.weight, pick.low) == (edges.sha256, source.sha256, 0.7, 40)
    (told,) = alices_api.get(f"/api/v1/jobs/{job.code}").json()["recipe"]["controls"]
    assert told == {
        "name": "edges", "preprocessor": "canny", "weight": 0.7, "start": 0.0, "end": 0.5, "low": 40, "high": 200,
        "fit": "crop",
        "picture": {"code": source.code, "sha256": source.sha256, "width": 96, "height": 64},
    }  # fmt: skip


def test_it_costs_more_which_is_said_before(alices_api: APIClient, edges: ControlNet, source: SourcePicture) -> None:
    asked = {**body(picture=source.code), "steps": 30, "width": 512, "height": 512}
    with_control, without = (
        alices_api.post("/api/v1/jobs?dry_run=true", each, format="json").json()["credits"]
        for each in (asked, {**asked, "controls": []})
    )
    assert with_control > without


@pytest.mark.parametrize(
    ("control", "status", "code"),
    [
        ({"picture": "unknown"}, 404, "unknown-picture"),
        ({"weight": 3}, 422, "bad-controls"),
        ({"start": 0.9, "end": 0.1}, 422, "bad-control-steps"),
        ({"name": "nothing"}, 400, "unknown-controlnet"),
        ({"name": "large"}, 400, "wrong-family"),
        ({"preprocessor": "magic"}, 400, "unknown-preprocessor"),
        ({"picture": None}, 400, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_costs_nothing(
    alices_api: APIClient,
    alice: User,
    edges: ControlNet,
    source: SourcePicture,
    control: dict[str, Any],
    status: int,
    code: str,
) -> None:
    controlnet("large", "sdxl")
    before = credits_of(alice)
    answer = alices_api.post("/api/v1/jobs", body(**{"picture": source.code, **control}), format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert credits_of(alice) == before and not Job.objects.exists()


def test_charlie_cannot_use_alices_picture(
    signed_in: Any, charlie: User, edges: ControlNet, source: SourcePicture
) -> None:
    charlies = APIClient()
    charlies.force_authenticate(charlie)
    answer = charlies.post("/api/v1/jobs", body(picture=source.code), format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-picture")


def test_a_click_selects(alices_api: APIClient, source: SourcePicture) -> None:
    answer = alices_api.post(
        "/api/v1/selections", {"source": source.code, "clicks": [{"x": 30, "y": 30}]}, format="json"
    )
    assert answer.status_code == 200 and answer.json()["by"].startswith("By colour")
    mask = Image.open(io.BytesIO(base64.b64decode(answer.json()["mask"])))
    assert mask.size == (96, 64) and mask.getpixel((40, 30)) == 255 and mask.getpixel((2, 2)) == 0


def test_a_networks_mask_is_fetched(
    alices_api: APIClient, source: SourcePicture, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    Annotator.objects.create(name="sam", title="SAM", task="segment", path="sam", sha256="5" * 64)
    add_worker()
    box = {"left": 1, "top": 1, "right": 80, "bottom": 60}
    answer = alices_api.post("/api/v1/selections", {"source": source.code, "box": box}, format="json")
    assert (answer.status_code, answer.json()["state"], answer.json()["is_network"]) == (202, "waiting", True)
    again = alices_api.get(answer["Location"])
    assert (again.status_code, again.json()["mask"]) == (202, "")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 400, "nothing-clicked"),
        ({"clicks": [{"x": 96, "y": 1}]}, 400, "clicked-outside"),
        ({"clicks": [{"x": 1}]}, 400, "invalid"),
        ({"box": {"left": 9, "top": 1, "right": 2, "bottom": 3}}, 400, "bad-box"),
        ({"source": "unknown", "clicks": [{"x": 1, "y": 1}]}, 404, "unknown-picture"),
    ],
)
def test_selections_that_mean_nothing_are_refused(
    alices_api: APIClient, source: SourcePicture, asked: dict[str, Any], status: int, code: str
) -> None:
    answer = alices_api.post("/api/v1/selections", {"source": source.code, **asked}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
