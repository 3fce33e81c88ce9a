"""Stars: one press for one or many, on one's own pictures alone."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import GeneratedImage
from tests.generation.web.conftest import PART, Draw


def starred() -> set[str]:
    return set(GeneratedImage.objects.filter(is_starred=True).values_list("code", flat=True))


def test_many_are_starred_and_let_go(alices: Client, alice: User, draw: Draw) -> None:
    picked = [draw(alice).code, draw(alice).code]
    draw(alice)
    answer = alices.post("/images/star/", {"picked": picked, "starred": "1", "back": "/images/?starred=1"})
    assert answer.headers["Location"] == "/images/?starred=1" and starred() == {*picked}
    assert alices.get("/images/").text.count(" data-starred") == 2
    alices.post("/images/star/", {"picked": picked[:1]})
    assert starred() == {*picked[1:]}


def test_a_script_is_told_which(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    answer = alices.post("/images/star/", {"picked": [image.code, "nope"], "starred": "1"}, headers=PART)
    assert sorted(answer.json()["codes"]) == [image.code] and answer.json()["starred"] is True


def test_the_page_of_one_has_the_button(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert 'aria-pressed="false"' in alices.get(f"/images/{image.code}/").text
    alices.post("/images/star/", {"picked": image.code, "starred": "1"})
    assert 'aria-pressed="true"' in alices.get(f"/images/{image.code}/").text


def test_charlie_stars_nothing_of_alice(charlies: Client, alice: User, draw: Draw) -> None:
    charlies.post("/images/star/", {"picked": [draw(alice).code], "starred": "1"})
    assert starred() == set()
