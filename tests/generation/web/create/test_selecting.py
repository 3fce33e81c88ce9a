"""Create's select by click: a mask for the editor, or where it soon is; charlie gets 404."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.jobs.selecting import BY_COLOUR
from generation.jobs.sources import bring_picture
from generation.models import Annotator, SourcePicture
from tests.generation.conftest import add_worker

URL = "/create/select/"


@pytest.fixture
def source(alice: User) -> SourcePicture:
    image = Image.new("RGB", (96, 64), (230, 230, 230))
    image.paste((200, 30, 30), (20, 10, 60, 50))
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return bring_picture(alice, file)


def post(client: Client, body: Any) -> Any:
    return client.post(URL, body, content_type="application/json")


def test_it_works(alices: Client, source: SourcePicture) -> None:
    told = post(alices, {"source": source.code, "clicks": [{"x": 30, "y": 30}]}).json()
    assert (told["by"], told["is_network"]) == (BY_COLOUR, False)
    mask = Image.open(io.BytesIO(base64.b64decode(told["mask"].removeprefix("data:image/png;base64,"))))
    assert mask.getpixel((40, 30)) == 255 and mask.getpixel((2, 2)) == 0


def test_a_network_answers_at_an_address(
    alices: Client, charlies: Client, source: SourcePicture, wakeups_sent: list[Any]
) -> None:
    Annotator.objects.create(name="sam", title="SAM", task="segment", path="sam", sha256="5" * 64)
    add_worker()
    answer = post(alices, {"source": source.code, "clicks": [{"x": 30, "y": 30}]})
    assert answer.status_code == 202 and answer.json()["by"] == "SAM"
    assert alices.get(answer.json()["url"]).status_code == 202
    assert charlies.get(answer.json()["url"]).status_code == 404


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "null", "[" * 100_000])
def test_other_bodies_are_refused(alices: Client, body: str) -> None:
    answer = alices.post(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-error")


def test_charlie_gets_404(charlies: Client, source: SourcePicture) -> None:
    assert post(charlies, {"source": source.code, "clicks": [{"x": 30, "y": 30}]}).status_code == 404
