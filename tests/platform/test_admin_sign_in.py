"""One sign-in for the whole site: no form of the admin takes a password."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("op", "op@example.org", PASSWORD)


def test_a_moderator_does_not_become_somebody_else(bobs: Client, bob: User, operator: User) -> None:
    answer = bobs.post("/admin/login/", {"username": "op", "password": PASSWORD, "next": "/admin/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert get_user(bobs).pk == bob.pk


def test_a_guest_is_led_to_the_sites_own_page(client: Client, operator: User) -> None:
    answer = client.post("/admin/login/?next=/admin/accounts/", {"username": "op", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2Faccounts%2F")
    assert not get_user(client).is_authenticated


def test_a_member_stays_out(alices: Client, operator: User) -> None:
    assert alices.post("/admin/login/", {"username": "op", "password": PASSWORD}).status_code == 403


def test_ones_own_password_is_changed_on_the_account_page(bobs: Client, bob: User) -> None:
    new = {"old_password": PASSWORD, "new_password1": "another long password", "new_password2": "another long password"}
    answer = bobs.post("/admin/password_change/", new)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/password/change/")
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)
