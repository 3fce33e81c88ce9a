"""Pages full of pictures stay small: what all tiles share stands in the page once."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

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


def test_create_with_71_pictures_asks_as_often_as_with_one(alices: Client, alice: User, draw: Draw) -> None:
    asked = []
    for count in (1, 70):
        images = [draw(alice, prompt=PROMPT) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            page = alices.get("/create/").text
        asked.append(len(queries))
        assert f'href="{reverse("image", args=[images[-1].code])}"' in page
        assert f'src="{reverse("image-thumbnail", args=[images[-1].code])}"' in page
        feed = [query["sql"] for query in queries if 'FROM "generation_job"' in query["sql"]]
        assert feed and not any("infotext" in sql for sql in feed), "of a tile nobody reads it"
    assert asked[0] == asked[1]
