"""Signing up, verifying the address and signing in, through allauth's own pages."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User

PERSON = {"username": "dora", "email": "dora@example.org", "password1": "a long enough password"}


def test_it_works(client: Client, db: None) -> None:
    assert client.post("/accounts/signup/", PERSON).status_code == 302
    link = re.search(r"http://\S+(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link is not None
    client.post(link[1])
    answer = client.post("/accounts/login/", {"login": "dora", "password": PERSON["password1"]})
    assert answer.status_code == 302
    assert client.get("/account/").status_code == 200
    assert User.objects.get(username="dora").plan.is_default


def test_without_verifying_nobody_gets_in(client: Client, db: None) -> None:
    client.post("/accounts/signup/", PERSON)
    client.post("/accounts/login/", {"login": "dora", "password": PERSON["password1"]})
    assert client.get("/account/").status_code == 302


def test_a_known_address_is_not_given_away(client: Client, alice: User) -> None:
    answer = client.post("/accounts/signup/", {**PERSON, "email": alice.email})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/confirm-email/")
    assert not User.objects.filter(username="dora").exists()


def test_resetting_a_password(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long password", "password2": "another long password"})
    assert client.post("/accounts/login/", {"login": "alice", "password": "another long password"}).status_code == 302


def test_a_closed_site_says_so(client: Client, db: None, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    client.post("/accounts/signup/", PERSON)
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_next_stays_on_this_site(client: Client, alice: User, target: str) -> None:
    person = {"login": "alice", "password": "a long enough password", "next": target}
    assert client.post("/accounts/login/", person)["Location"] == "/create/"
