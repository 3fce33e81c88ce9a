"""My pictures: newest first, page by page, found by the words of their prompts, deleted many at a time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from generation.models import GeneratedImage
from generation.web.pictures import images
from tests.generation.web.conftest import PART

Draw = Callable[..., GeneratedImage]


def codes(client: Client, address: str) -> list[str]:
    return re.findall(r'id="tile-(\w+)"', client.get(address).text)


def test_it_works(alices: Client, alice: User, draw: Draw) -> None:
    first, second = draw(alice), draw(alice)
    page = alices.get("/images/")
    assert codes(alices, "/images/") == [second.code, first.code]
    assert page.headers["Cache-Control"] == "private, no-store"


def test_charlie_sees_none_of_them(charlies: Client, alice: User, draw: Draw) -> None:
    draw(alice)
    assert codes(charlies, "/images/") == []
    assert "No pictures yet" in charlies.get("/images/").text


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/images/").headers["Location"] == "/accounts/login/?next=/images/"


def test_pages_stay_whole_while_pictures_arrive(
    alices: Client, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "IMAGES_A_PAGE", 2)
    made = [draw(alice).code for _ in range(5)][::-1]
    first = alices.get("/images/")
    assert first.context["page"].newer_url == ""
    draw(alice)
    second = alices.get(first.context["page"].older_url)
    assert codes(alices, first.context["page"].older_url) == made[2:4]
    assert codes(alices, second.context["page"].older_url) == made[4:]
    assert codes(alices, second.context["page"].newer_url) == made[0:2]
    last = alices.get(second.context["page"].older_url)
    assert last.context["page"].older_url == ""


def test_a_forged_cursor_gives_the_first_page(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    for cursor in ("1", "1:forged", "x" * 500, "-1:"):
        assert codes(alices, f"/images/?before={cursor}") == [image.code]


def test_search_wants_all_words(alices: Client, alice: User, draw: Draw) -> None:
    car, star = draw(alice, "a blue car"), draw(alice, "a blue star")
    assert codes(alices, "/images/?q=BLUE+car") == [car.code]
    assert codes(alices, "/images/?q=blue") == [star.code, car.code]
    page = alices.get("/images/?q=<script>").text
    assert "Nothing by those words" in page
    assert "<script>”" not in page


def test_picked_ones_are_deleted_and_brought_back(alices: Client, alice: User, draw: Draw) -> None:
    kept, gone = draw(alice), draw(alice)
    alices.post("/images/delete/", {"picked": [gone.code]})
    page = alices.get("/images/")
    assert "1 picture deleted." in page.text
    assert codes(alices, "/images/") == [kept.code]
    assert "deleted." not in alices.get("/images/").text, "the way back is offered once"
    assert alices.post("/images/restore/", {"picked": [gone.code]}).headers["Location"] == "/images/"
    assert codes(alices, "/images/") == [gone.code, kept.code]


def test_pictures_keep_their_shape_in_justified_rows(alices: Client, alice: User, draw: Draw) -> None:
    draw(alice, width=192)
    page = alices.get("/images/").text
    assert '<div class="justified" id="pictures">' in page and 'data-ratio="1.5"' in page


def test_the_total_counts_every_page_and_follows_the_search(
    alices: Client, charlies: Client, alice: User, charlie: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(charlie, "a blue car")
    for words in ("a blue car", "a blue star", "a red car"):
        draw(alice, words)
    page = " ".join(alices.get("/images/").text.split())
    assert "3 pictures</p>" in page and "Select all </button>" in page
    assert "1 picture</p>" in charlies.get("/images/").text
    assert "2 pictures</p>" in alices.get("/images/?q=blue").text
    monkeypatch.setattr(images, "IMAGES_A_PAGE", 2)
    page = " ".join(alices.get("/images/").text.split())
    assert "3 pictures</p>" in page and "Select all on this page </button>" in page


def test_the_two_searches_have_names_of_their_own(alices: Client, alice: User, draw: Draw) -> None:
    draw(alice)
    forms = re.findall(r'<form[^>]*role="search"[^>]*aria-label="([^"]+)"', alices.get("/images/").text)
    assert len(forms) == len(set(forms)) == 2


def test_a_script_is_told_what_was_deleted(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert alices.post("/images/delete/", {"picked": [image.code, "nope"]}, headers=PART).json() == {
        "deleted": [image.code]
    }
    assert alices.post("/images/restore/", {"picked": [image.code]}, headers=PART).json() == {"restored": [image.code]}


def test_charlie_deletes_and_restores_nothing(alices: Client, charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    charlies.post("/images/delete/", {"picked": [image.code]})
    assert codes(alices, "/images/") == [image.code]
    alices.post("/images/delete/", {"picked": [image.code]})
    charlies.post("/images/restore/", {"picked": [image.code]})
    assert codes(alices, "/images/") == []
