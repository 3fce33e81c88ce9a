"""Pages full of pictures stay small: what all tiles share stands in the page once."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from generation.models import GeneratedImage, Job

Draw = Callable[..., GeneratedImage]

PROMPT = "a lighthouse on a cliff at dusk, oil on canvas, heavy clouds, warm windows, gulls, long exposure sea"


def test_create_with_71_pictures_is_under_90_kb(alices: Client, alice: User, draw: Draw) -> None:
    for _ in range(71):
        draw(alice, prompt=PROMPT)
    Job.objects.of(alice).update(submission="one-press")
    page = alices.get("/create/")
    assert page.text.count('class="tile"') == 71
    assert len(page.content) < 90_000


def test_my_pictures_with_60_is_under_70_kb(alices: Client, alice: User, draw: Draw) -> None:
    for _ in range(60):
        draw(alice, prompt=PROMPT)
    page = alices.get("/images/")
    assert page.text.count('class="tile"') == 60
    assert len(page.content) < 70_000
