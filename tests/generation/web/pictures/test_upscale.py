"""The page that makes a picture larger: its price before the press, the press, and nobody else's picture."""

from __future__ import annotations

import io
from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.jobs.sources import bring_picture
from generation.models import GeneratedImage, Job

Draw = Callable[..., GeneratedImage]


def page(image: GeneratedImage) -> str:
    return f"/images/{image.code}/upscale/"


def test_size_and_price_are_shown_before_the_press(client: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    client.force_login(alice)
    text = client.get(page(image), {"scale": "3"}).content.decode()
    assert f"Make {image.width * 3} × {image.height * 3}" in text and "1 credit" in text


def test_the_press_queues_it(client: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    client.force_login(alice)
    assert client.post(page(image), {"scale": "2", "upscaler": "Lanczos", "strength": "0"}).status_code == 302
    recipe = Job.objects.latest("pk").recipe
    assert recipe.enlarge is not None and recipe.enlarge.source.sha256 == image.sha256


def test_what_is_not_made_is_said(client: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    client.force_login(alice)
    before = Job.objects.count()
    for said, status in (({"scale": "9"}, 422), ({"upscaler": "4x-gone"}, 422), ({"strength": "2"}, 400)):
        assert client.post(page(image), {"scale": "2", **said}).status_code == status
    assert Job.objects.count() == before


def test_charlie_gets_404(client: Client, alice: User, charlie: User, draw: Draw) -> None:
    image = draw(alice)
    client.force_login(charlie)
    assert client.get(page(image)).status_code == client.post(page(image)).status_code == 404


def test_a_picture_that_was_brought_is_made_larger_too(alices: Client, charlies: Client, alice: User) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(file, "PNG")
    source = bring_picture(alice, SimpleUploadedFile("b.png", file.getvalue()))
    address = f"/sources/{source.code}/upscale/"
    assert f'href="{address}"' in alices.get("/sources/").text
    shown = alices.get(address, {"scale": "3"}).text
    assert "Make 192 × 96" in shown and f"/sources/{source.code}/thumbnail" in shown
    assert alices.post(address, {"scale": "3"}).status_code == 302
    recipe = Job.objects.get().recipe
    assert recipe.enlarge is not None and recipe.enlarge.source.sha256 == source.sha256
    assert charlies.get(address).status_code == charlies.post(address).status_code == 404
