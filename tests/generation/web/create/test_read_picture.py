"""POST /create/read/: a picture's recipe becomes the draft, and what could not be matched is told once."""

from __future__ import annotations

import html
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.jobs.sources import bring_picture
from generation.models import Checkpoint, Draft
from generation.recipes.enlarging import Enlarge
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from tests.generation.conftest import Draw
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


def told(recipe: Recipe) -> dict[str, SimpleUploadedFile]:
    data = encode_image(Image.new("RGB", (128, 64)), "png", recipe_text=write_infotext(recipe))
    return {"picture": SimpleUploadedFile("found.png", data)}


def test_an_upscale_is_offered_with_its_own_page(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    source = bring_picture(alice, SimpleUploadedFile("b.png", encode_image(Image.new("RGB", (64, 64)), "png")))
    pages = {
        f"/images/{image.code}/upscale/": PictureRef(image.sha256, image.width, image.height),
        f"/sources/{source.code}/upscale/": PictureRef(source.sha256, 64, 64),
    }
    for page, picture in pages.items():
        alices.post("/create/read/", told(image.recipe.enlarged(Enlarge(picture, 3.0, strength=0.3))))
        shown = html.unescape(alices.get("/create/").text)
        address = f"{page}?scale=3&upscaler=Lanczos&strength=0.3"
        assert f'href="{address}"' in shown and "It is an upscale, 3 times as large, by Lanczos." in shown
        chosen = alices.get(address).context["chosen"]
        assert (chosen.scale, chosen.upscaler, chosen.strength) == (3.0, "Lanczos", 0.3)
        assert "upscale/?" not in alices.get("/create/").text


def test_no_upscale_is_offered_of_a_picture_that_is_not_here(alices: Client, alice: User, draw: Draw) -> None:
    recipe = draw(alice).recipe.enlarged(Enlarge(PictureRef("a" * 64, 64, 64)))
    alices.post("/create/read/", told(recipe))
    page = html.unescape(alices.get("/create/").text)
    assert "that is not here." in page and "upscale/?" not in page
