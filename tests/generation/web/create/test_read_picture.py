"""POST /create/read/: a picture's recipe becomes the draft, and what could not be matched is told once."""

from __future__ import annotations

import html
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from PIL import Image

from generation.imaging.encode import encode_image
from generation.models import Checkpoint, Draft
from tests.generation.web.conftest import PART

TEXT = "a pear <lora:gone:1>\nNegative prompt: dull\nSteps: 7, Sampler: Heun, CFG scale: 3.5, Seed: 12, Size: 128x64"


def post(client: Client, text: str = TEXT, **options: Any) -> HttpResponseBase:
    data = encode_image(Image.new("RGB", (128, 64)), "png", recipe_text=text)
    return client.post("/create/read/", {"picture": SimpleUploadedFile("found.png", data)}, **options)


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "old", "count": "2", "vae": "old"})
    answer = post(alices)
    assert (answer.status_code, answer["Location"]) == (302, "/create/")
    page = html.unescape(alices.get("/create/").text)
    assert ">a pear <lora:gone:1></textarea>" in page
    assert ">dull</textarea>" in page
    assert 'value="12"' in page and 'value="3.5"' in page
    assert "This site has no LoRA “gone”." in page
    assert Draft.objects.get().fields == {
        "prompt": "a pear <lora:gone:1>", "negative_prompt": "dull", "steps": "7", "sampler": "Heun",
        "cfg_scale": "3.5", "seed": "12", "seed_locked": "on", "size": "own", "width": "128", "height": "64",
        "clip_skip": "1", "schedule": "Automatic", "emphasis": "original", "count": "2",
    }  # fmt: skip
    assert "data-read-notice" not in alices.get("/create/").text


def test_a_script_gets_no_page(alices: Client, catalog: Checkpoint) -> None:
    assert post(alices, headers=PART).status_code == 204
    assert "data-read-notice" in alices.get("/create/").text


def test_a_refusal_leaves_the_draft(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "old"})
    bad = {"picture": SimpleUploadedFile("x.png", b"nothing")}
    assert alices.post("/create/read/", bad, headers=PART).json()["code"] == "unknown-format"
    page = alices.post("/create/read/", {}, follow=True).text
    assert "Choose a picture first." in page
    assert ">old</textarea>" in page


def test_the_post_is_held_to_csrf(strict: Client) -> None:
    assert post(strict).status_code == 403
