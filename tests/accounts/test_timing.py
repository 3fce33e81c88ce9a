"""No time tells who has an account: a password is hashed as often for who is known as for who is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User

PERSON = {"username": "dora", "email": "dora@example.org", "password1": "a long enough password"}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed; the hash itself is of no cost here."""
    passwords: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        passwords.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return passwords


@pytest.mark.parametrize("login", ["alice", "ALICE", "alice@example.org", "nobody", "nobody@example.org", "two words"])
def test_signing_in(client: Client, alice: User, hashed: list[str], login: str) -> None:
    answer = client.post("/accounts/login/", {"login": login, "password": "wrong"})
    assert answer.status_code == 200
    assert hashed == ["wrong"]


def test_signing_in_where_it_is_closed(client: Client, alice: User, charlie: User, hashed: list[str]) -> None:
    """Somebody who may not, and somebody without a password, take as long."""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    charlie.set_unusable_password()
    charlie.save()
    for login in ("alice", "charlie", "charlie@example.org"):
        hashed.clear()
        client.post("/accounts/login/", {"login": login, "password": "wrong"})
        assert len(hashed) == 1


def test_signing_in_works_by_name_and_address(alice: User) -> None:
    for login in ("alice", "alice@example.org", "Alice@Example.org"):
        answer = Client().post("/accounts/login/", {"login": login, "password": PERSON["password1"]})
        assert answer.status_code == 302, login


@pytest.mark.parametrize("email", ["alice@example.org", "dora@example.org"])
def test_signing_up(client: Client, alice: User, hashed: list[str], email: str) -> None:
    answer = client.post("/accounts/signup/", {**PERSON, "email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/confirm-email/")
    assert hashed == [PERSON["password1"]]
    assert [message.to for message in mail.outbox] == [[email]]


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_resetting(client: Client, alice: User, hashed: Any, email: str) -> None:
    answer = client.post("/accounts/password/reset/", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    assert hashed == []
    assert [message.to for message in mail.outbox] == [[email]]


def test_resetting_asks_the_database_as_often(client: Client, alice: User) -> None:
    asked = []
    for email in ("alice@example.org", "alice@example.org", "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            client.post("/accounts/password/reset/", {"email": email})
        asked.append(len(queries))
    _, known, unknown = asked  # the first fills caches
    assert known == unknown
