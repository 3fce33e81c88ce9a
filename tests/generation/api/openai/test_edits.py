"""Edits in OpenAI's words: what becomes of picture, mask and fields, and what is refused."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Plan, User
from generation.imaging import brought
from generation.models import Job, SourcePicture
from generation.recipes.starting import Start
from tests.conftest import credits_of
from tests.generation.api.openai.conftest import STREAMED, body_of

pytestmark = [pytest.mark.usefixtures("drawn"), pytest.mark.filterwarnings(STREAMED)]
URL = "/v1/images/edits"


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def png(size: tuple[int, int] = (128, 96), hole: bool = False, colour: str = "tomato") -> SimpleUploadedFile:
    """A picture, with a transparent left half where it has a hole."""
    picture = Image.new("RGBA", size, colour)
    if hole:
        picture.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return SimpleUploadedFile("apple.png", data.getvalue(), "image/png")


def edit(client: APIClient, **fields: Any) -> Any:
    return client.post(URL, {"prompt": "a pear", "image": png(), **fields}, format="multipart")


def start_of(client: APIClient, **fields: Any) -> Start:
    answer = edit(client, **fields)
    assert answer.status_code == 200, body_of(answer)
    start = Job.objects.latest("pk").recipe.start
    assert start is not None
    return start


def test_a_picture_is_edited(alices_api: APIClient, alice: User) -> None:
    answer = edit(alices_api, seed="7", num_inference_steps="4", n="2")
    body = body_of(answer)
    assert len(body["data"]) == 2 and body["size"] == "128x96"
    with Image.open(io.BytesIO(base64.b64decode(body["data"][0]["b64_json"]))) as shown:
        assert shown.size == (128, 96)
    (source,) = SourcePicture.objects.all()
    for job in Job.objects.all():
        start = job.recipe.start
        assert start is not None and (start.source.code, start.mask, start.strength) == (source.code, None, 0.75)
    assert (source.owner, credits_of(alice)) == (alice, 1000 - 2)


def test_how_much_it_changes(alices_api: APIClient) -> None:
    assert start_of(alices_api, input_fidelity="high").strength == 0.5
    assert start_of(alices_api, strength="0.3").strength == 0.3


@pytest.mark.parametrize("name", ["mask", "the picture's own alpha"])
def test_what_is_transparent_is_drawn_anew(alices_api: APIClient, name: str) -> None:
    sent = {"mask": png(hole=True)} if name == "mask" else {"image": png(hole=True)}
    start = start_of(alices_api, **sent)
    assert start.mask is not None and start.strength == 1.0
    mask = SourcePicture.objects.get(sha256=start.mask.sha256)
    with default_storage.open(mask.file) as file, Image.open(file) as picture:
        light = picture.convert("L")
    assert (light.getpixel((0, 0)), light.getpixel((127, 0))) == (255, 0)


def test_a_size_of_its_own(alices_api: APIClient) -> None:
    edit(alices_api, size="64x128")
    assert (Job.objects.get().recipe.width, Job.objects.get().recipe.height) == (64, 128)


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"image": ""}, 400, "missing_required_parameter", "image"),
        ({"image": [png(), png(colour="blue")]}, 400, "invalid-value", "image"),
        ({"prompt": ""}, 400, "empty-prompt", "prompt"),
        ({"mask": png((64, 64), hole=True)}, 400, "bad-mask-size", "mask"),
        ({"mask": png(colour="black")}, 400, "empty-mask", "mask"),
        ({"strength": "2"}, 400, "bad-strength", "strength"),
        ({"input_fidelity": "utter"}, 400, "invalid-value", "input_fidelity"),
        ({"style": "vivid"}, 400, "unknown_parameter", "style"),
        ({"image": SimpleUploadedFile("a.svg", b"<svg/>")}, 400, "unknown-format", "image"),
        ({"image": png((8, 8))}, 400, "too-small", "image"),
    ],
)  # fmt: skip
def test_what_is_refused_costs_nothing(
    alices_api: APIClient, alice: User, fields: dict[str, Any], status: int, code: str, param: str
) -> None:
    answer = edit(alices_api, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param), error
    assert not Job.objects.exists() and credits_of(alice) == 1000


def test_a_plan_keeps_so_many_pictures(alices_api: APIClient) -> None:
    Plan.objects.update(max_sources=0)
    answer = edit(alices_api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too-many-sources")
