"""POST /api/v1/recipes/read: a picture's recipe in this site's names, and all that has none here."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.models import Checkpoint, GeneratedImage, Lora
from generation.recipes.picture import Recipe

URL = "/api/v1/recipes/read"


def post(client: APIClient, data: bytes, name: str = "found.png") -> Any:
    return client.post(URL, {"picture": SimpleUploadedFile(name, data)}, format="multipart")


def picture(text: str, form: str = "png") -> bytes:
    return encode_image(Image.new("RGB", (64, 64)), form, recipe_text=text)


def test_an_own_picture_comes_back_whole(alices_api: APIClient, alice: User, draw: Any) -> None:
    image: GeneratedImage = draw(alice, "a cat, “x: y”\n<lora:line-art:0.7>", steps=9, cfg_scale=3.25)
    found = post(alices_api, alices_api.get(f"/api/v1/images/{image.code}/file/png").content).json()
    assert found["unmatched"] == []
    recipe = image.recipe
    assert found["recipe"] == {name: getattr(recipe, name) for name in found["recipe"]}
    assert {"prompt", "seed", "steps", "cfg_scale", "checkpoint", "width", "sampler"} <= set(found["recipe"])


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_every_format_is_read(alices_api: APIClient, catalog: Checkpoint, form: str) -> None:
    text = write_infotext(Recipe("a pear", seed=5), checkpoint_hash=catalog.autov2, checkpoint_title="elsewhere")
    found = post(alices_api, picture(text, form)).json()
    assert found["recipe"]["prompt"] == "a pear"
    assert found["recipe"]["checkpoint"] == catalog.name


def test_what_is_not_here_is_listed(alices_api: APIClient, catalog: Checkpoint) -> None:
    ink = Lora.objects.get(name="line-art")
    text = (
        "a <lora:Ink Style:0.5> <lora:gone:1>\nSteps: 20, Sampler: Magic, Seed: 1, Size: 9x9, Model: dreams, "
        f'Lora hashes: "Ink Style: {ink.lora_hash}"'
    )
    found = post(alices_api, picture(text)).json()
    assert found["recipe"]["prompt"] == "a <lora:line-art:0.5> <lora:gone:1>"
    missed = {(miss["kind"], miss["name"]) for miss in found["unmatched"]}
    assert {("lora", "gone"), ("checkpoint", "dreams"), ("sampler", "Magic"), ("value", "Size")} <= missed


def test_somebody_elses_weights_are_not_here(alices_api: APIClient, charlie: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(is_public=False, owner=charlie)
    found = post(alices_api, picture("a <lora:line-art:1>\nSteps: 20, Sampler: Euler, Seed: 1")).json()
    assert [miss["kind"] for miss in found["unmatched"]] == ["lora"]


def bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data, code",
    [
        (b"no picture at all", "unknown-format"),
        (picture(""), "no-parameters"),
        (b"\x89PNG" + bytes(16 * 2**20), "picture-too-large"),
        (bomb(), "too-many-pixels"),
    ],
    ids=["words", "bare", "large", "bomb"],
)
def test_what_cannot_be_read_is_refused(alices_api: APIClient, catalog: Checkpoint, data: bytes, code: str) -> None:
    answer = post(alices_api, data)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["detail"].endswith(".")


def test_no_picture_is_refused(alices_api: APIClient) -> None:
    assert alices_api.post(URL, {}, format="multipart").json()["code"] == "no-picture"
    assert alices_api.post(URL, {"picture": "x"}, format="json").status_code == 415
