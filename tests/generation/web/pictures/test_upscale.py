"""The page that makes a picture larger: its price before the press, the press, and nobody else's picture."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.models import User
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
