"""One sign-in for the whole site: no form of the admin takes a password, and staff decide with a second factor only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth import get_user
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.conftest import PASSWORD

SignIn = Callable[[User], Client]


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


@pytest.fixture
def enforced(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.mark.parametrize("codes_alone", [False, True])
@pytest.mark.parametrize("path", ["/admin/", "/admin/gallery/post/", "/admin/accounts/user/?q=a", "/admin/login/"])
def test_staff_is_asked_to_set_up_a_second_factor_first(
    enforced: None, bob: User, bobs: Client, operator: User, signed_in: SignIn, path: str, codes_alone: bool
) -> None:
    for staff, client in ((bob, bobs), (operator, signed_in(operator))):
        if codes_alone:
            RecoveryCodes.activate(staff)
        asked = client.get(path, follow=True)
        assert asked.redirect_chain[-1][0] == "/accounts/2fa/"
        assert "Staff decide with a second factor only" in asked.text


def test_no_action_of_the_admin_is_done_without_one(enforced: None, operator: User, signed_in: SignIn) -> None:
    action = {"action": "give_credits", "_selected_action": operator.pk}
    answer = signed_in(operator).post("/admin/accounts/user/", action)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/admin/accounts/user/")


@pytest.mark.parametrize("factor", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_staff_with_a_second_factor_is_let_in(enforced: None, bob: User, bobs: Client, factor: str) -> None:
    Authenticator.objects.create(user=bob, type=factor, data={})
    assert bobs.get("/admin/").status_code == 200
    assert bobs.get("/metrics").status_code == 200


def test_the_api_asks_for_one_too(enforced: None, bobs: Client) -> None:
    refused = bobs.get("/metrics")
    assert (refused.status_code, refused.json()["code"]) == (403, "no-second-factor")


def test_members_are_asked_for_none(enforced: None, alices: Client) -> None:
    assert alices.get("/create/").status_code == 200
