"""What a browser is told to forget, and when: at the end of each session, however it ends, and else never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.entrance_models import Invitation
from accounts.models import User
from config.suspension import suspend_account
from tests.conftest import PASSWORD, join

TOLD = "Clear-Site-Data"
PAGE = "/account/"


def entered(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert client.get(PAGE).status_code == 200
    return client


def sign_out(client: Client, user: User) -> HttpResponse:
    return client.post("/accounts/logout/")  # type: ignore[return-value]


def delete(client: Client, user: User) -> HttpResponse:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client.post("/account/delete/")  # type: ignore[return-value]


def end_from_elsewhere(client: Client, user: User) -> HttpResponse:
    entered(user).post("/accounts/sessions/")
    return client.get(PAGE)  # type: ignore[return-value]


def set_another_password(client: Client, user: User) -> HttpResponse:
    user.set_password("quite another one")
    user.save()
    return client.get(PAGE)  # type: ignore[return-value]


def run_out(client: Client, user: User) -> HttpResponse:
    Session.objects.update(expire_date=timezone.now())
    return client.get(PAGE)  # type: ignore[return-value]


def be_suspended(client: Client, user: User) -> HttpResponse:
    suspend_account(join("ada", is_staff=True, is_superuser=True), user, "Adverts.", timezone.now() + timedelta(days=1))
    return client.get(PAGE)  # type: ignore[return-value]


@pytest.mark.parametrize("end", [sign_out, delete, end_from_elsewhere, set_another_password, run_out, be_suspended])
def test_at_the_end_of_a_session(alice: User, end: Callable[[Client, User], HttpResponse]) -> None:
    client = entered(alice)
    answer = end(client, alice)
    assert answer.status_code == 302 and answer[TOLD] == '"cache", "storage"'
    assert TOLD not in client.get("/gallery/")  # once


def test_not_before(alice: User) -> None:
    client = Client()
    signed_in = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert signed_in.status_code == 302 and TOLD not in signed_in
    for page in (PAGE, "/gallery/", "/nothing/here/", "/accounts/logout/"):
        assert TOLD not in client.get(page)


def test_not_a_guest(client: Client, db: None) -> None:
    code = Invitation.objects.create().code
    for page in ("/gallery/", f"/invite/{code}/", "/accounts/signup/", PAGE):
        assert TOLD not in client.get(page)
    assert client.session.session_key  # theirs, with the code in it
    assert TOLD not in client.post("/accounts/logout/")


def test_signing_in_with_the_cookie_of_a_session_that_is_over(alice: User) -> None:
    client = entered(alice)
    Session.objects.all().delete()
    answer = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert answer.status_code == 302 and TOLD not in answer
