"""The front page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.test import Client

from generation.models import Checkpoint
from generation.web.public_pictures import PictureCard, registry


def test_it_works(client: Client, catalog: Checkpoint) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Sign up" in page.text
    assert "img/examples/emoji-diffusion/a-red-apple" in page.text


def test_whoever_is_signed_in_goes_on_making(alices: Client) -> None:
    assert alices.get("/").headers["Location"] == "/create/"


def test_it_stands_without_a_single_checkpoint(client: Client, db: None) -> None:
    assert client.get("/").status_code == 200


def test_it_shows_what_the_gallery_brings(client: Client, catalog: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def newest(limit: int) -> Sequence[PictureCard]:
        return [PictureCard("/gallery/x1/", "/gallery/x1/picture", 128, 128, "a <b>rocket</b>")]

    monkeypatch.setattr(registry, "newest", newest)
    page = client.get("/")
    assert "/gallery/x1/picture" in page.text
    assert "a &lt;b&gt;rocket" in page.text
