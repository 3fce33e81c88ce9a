"""The price on the button."""

from __future__ import annotations

from django.test import Client

from accounts.credits import wallet_of
from accounts.models import User
from generation.models import Checkpoint


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    said = alices.get("/create/price/", {"count": "4", "size": "512x512", "steps": "20"}).json()
    assert said["credits"] == 8
    assert (said["count"], said["left"], said["enough"], said["sentence"]) == (4, 1000, True, "")
    assert said["queue"] == {"count": 0, "percent": 0}


def test_it_is_what_the_press_then_costs(alices: Client, alice: User, catalog: Checkpoint) -> None:
    form = {"count": "3", "size": "own", "width": "512", "height": "384", "steps": "25"}
    credits = alices.get("/create/price/", form).json()["credits"]
    alices.post("/create/", {**form, "prompt": "a house"})
    assert wallet_of(alice).balance == 1000 - credits


def test_too_dear_is_a_sentence(charlies: Client, charlie: User, catalog: Checkpoint) -> None:
    said = charlies.get("/create/price/", {"count": "8", "size": "1024x1024", "steps": "50"}).json()
    assert not said["enough"]
    assert said["sentence"].startswith("This costs 160 credits and you have 100.")


def test_nonsense_has_no_price(alices: Client, catalog: Checkpoint) -> None:
    said = alices.get("/create/price/", {"count": "four", "steps": "-1"}).json()
    assert (said["credits"], said["enough"]) == (None, True)


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/create/price/").status_code == 302
