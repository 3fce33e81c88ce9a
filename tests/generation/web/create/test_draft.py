"""The unsent form, kept for every device."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Draft


def test_it_works(alices: Client, signed_in: object, alice: User, catalog: Checkpoint) -> None:
    answer = alices.post("/create/draft/", {"prompt": "half a thou", "steps": "33", "count": "1"})
    assert answer.status_code == 204
    phone = signed_in(alice)  # type: ignore[operator]
    page = phone.get("/create/").text
    assert ">half a thou</textarea>" in page
    assert 'value="33"' in page
    assert 'value="1" checked' in page


def test_it_outlives_the_press_but_for_a_loose_seed(alices: Client, catalog: Checkpoint) -> None:
    form = {"prompt": "a cat", "steps": "4", "seed": "5", "count": "1"}
    alices.post("/create/", form)
    assert Draft.objects.get().fields["seed"] == ""
    assert Draft.objects.get().fields["prompt"] == "a cat"
    alices.post("/create/", {**form, "seed_locked": "on"})
    assert Draft.objects.get().fields["seed"] == "5"


def test_a_refused_form_is_kept_too(alices: Client, catalog: Checkpoint) -> None:
    alices.post("/create/", {"prompt": "a cat", "seed": "x"})
    assert Draft.objects.get().fields == {"prompt": "a cat", "seed": "x"}


def test_it_keeps_only_fields_of_the_form_and_only_so_much(alices: Client, alice: User) -> None:
    alices.post("/create/draft/", {"prompt": "x" * 100_000, "is_staff": "1", "owner": "2"})
    assert Draft.objects.get().owner == alice
    assert set(Draft.objects.get().fields) == {"prompt"}
    assert len(Draft.objects.get().fields["prompt"]) == 10_000


def test_charlie_has_his_own(alices: Client, charlies: Client, catalog: Checkpoint) -> None:
    alices.post("/create/draft/", {"prompt": "a secret"})
    assert "a secret" not in charlies.get("/create/").text
