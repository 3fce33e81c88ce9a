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
    asked = client.get(link[1], follow=True)
    assert "your API tokens are removed" in asked.text
    form = asked.redirect_chain[-1][0]
    client.post(form, {"password1": "another long password", "password2": "another long password"})
    assert client.post("/accounts/login/", {"login": "alice", "password": "another long password"}).status_code == 302


@pytest.mark.parametrize("host", ["localhost:81", "127.0.0.1", "LOCALHOST:8000"])
@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/accounts/password/reset/", {"email": "alice@example.org"}),
        ("/accounts/password/reset/", {"email": "nobody@example.org"}),
        ("/accounts/signup/", PERSON),
        ("/accounts/signup/", {**PERSON, "email": "alice@example.org"}),
    ],
)
def test_links_in_mails_lead_to_the_site_whatever_host_was_asked(
    client: Client, alice: User, page: str, form: dict[str, str], host: str
) -> None:
    assert client.post(page, form, headers={"host": host}).status_code == 302
    body = str(mail.outbox[0].body)
    links = re.findall(r"https?://\S+", body)
    assert len(links) > 1 and all(link.startswith("http://localhost:8000") for link in links)
    assert host not in body


def test_tries_are_counted_whatever_port_was_asked(client: Client, alice: User) -> None:
    for port in range(81, 86):
        wrong = {"login": "alice", "password": f"guess {port}"}
        client.post("/accounts/login/", wrong, headers={"host": f"localhost:{port}"})
    right = {"login": "alice", "password": "a long enough password"}
    client.post("/accounts/login/", right, headers={"host": "localhost:86"})
    assert client.get("/account/").status_code == 302


def test_a_closed_site_says_so(client: Client, db: None, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    client.post("/accounts/signup/", PERSON)
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_next_stays_on_this_site(client: Client, alice: User, target: str) -> None:
    person = {"login": "alice", "password": "a long enough password", "next": target}
    assert client.post("/accounts/login/", person)["Location"] == "/create/"
