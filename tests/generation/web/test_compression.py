"""Texts are compressed for those who ask for it, pictures are not, and the token of a form differs each time."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

from django.test import Client

from accounts.models import User
from generation.models import GeneratedImage

Draw = Callable[..., GeneratedImage]
ASKING = {"Accept-Encoding": "gzip"}


def test_a_page_is_compressed_and_says_so(client: Client, db: None) -> None:
    page = client.get("/accounts/login/", headers=ASKING)
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    plain = client.get("/accounts/login/")
    assert "Content-Encoding" not in plain.headers
    assert b"Sign in" in gzip.decompress(page.content) and b"Sign in" in plain.content
    assert len(page.content) < 0.5 * len(plain.content)


def test_the_csrf_token_never_stands_twice_the_same(client: Client, db: None) -> None:
    tokens = {
        re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/accounts/login/").text).group(1)  # type: ignore[union-attr]
        for _ in range(3)
    }
    assert len(tokens) == 3


def test_the_api_is_compressed(alices: Client, alice: User, draw: Draw) -> None:
    for _ in range(3):
        draw(alice)
    assert alices.get("/api/v1/images", headers=ASKING)["Content-Encoding"] == "gzip"


def test_a_picture_goes_as_it_is(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    answer = alices.get(f"/images/{image.code}/file", headers=ASKING)
    assert answer["Content-Type"] == "image/png"
    assert "Content-Encoding" not in answer.headers
