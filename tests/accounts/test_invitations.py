"""Invitations: who may join by one, how often, and what goes with it; and the domains of addresses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.entrance_models import Invitation
from accounts.joining import use_invitation
from accounts.models import Plan, User
from accounts.refusals import Conflict
from accounts.signups import prune_unfinished
from tests.accounts.test_signing_up import PERSON
from tests.conftest import PASSWORD, join

SIGN_UP = "/accounts/signup/"


@pytest.fixture
def invited_only(settings: Settings, db: None) -> None:
    settings.SIGNUP = "invited"


def made(**fields: object) -> Invitation:
    return Invitation.objects.create(plan=Plan.objects.create(name="Guests"), **fields)


def test_it_works_by_the_link(client: Client, invited_only: None) -> None:
    invitation = made(uses=2)
    assert client.get(f"/invite/{invitation.code.upper()}/")["Location"] == SIGN_UP
    assert f'value="{invitation.code}"' in client.get(SIGN_UP).text
    assert client.post(SIGN_UP, {**PERSON, "invitation": invitation.code}).status_code == 302
    dora = User.objects.get(username="dora")
    invitation.refresh_from_db()
    assert (dora.plan, dora.invitation, invitation.used) == (invitation.plan, invitation, 1)


def test_without_one_nobody_joins(client: Client, invited_only: None) -> None:
    assert "Invitation" in client.get(SIGN_UP).text
    assert "This field is required" in client.post(SIGN_UP, PERSON).text
    assert "Ask for another one" in client.post(SIGN_UP, {**PERSON, "invitation": "made-up"}).text
    assert not User.objects.exists()


@pytest.mark.parametrize("fields", [{"uses": 1, "used": 1}, {"expires_at": timezone.now() - timedelta(seconds=1)}])
def test_one_that_is_no_good_is_told(client: Client, invited_only: None, fields: dict[str, object]) -> None:
    invitation = made(**fields)
    answer = client.get(f"/invite/{invitation.code}/")
    assert answer.status_code == 404 and "has expired" in answer.text
    assert "has expired" in client.post(SIGN_UP, {**PERSON, "invitation": invitation.code}).text
    assert not User.objects.exists()


def test_the_last_use_is_taken_once(invited_only: None) -> None:
    invitation = made()
    use_invitation(join("emil"), invitation.code)
    with pytest.raises(Conflict):
        use_invitation(join("frida"), invitation.code)
    invitation.refresh_from_db()
    assert invitation.used == 1


def test_who_never_finished_gives_the_use_back(client: Client, invited_only: None) -> None:
    invitation = made()
    client.post(SIGN_UP, {**PERSON, "invitation": invitation.code})
    User.objects.update(date_joined=timezone.now() - timedelta(days=8))
    assert prune_unfinished() == 1
    invitation.refresh_from_db()
    assert invitation.used == 0


def test_an_open_site_takes_a_code_for_its_plan_and_needs_none(client: Client, db: None) -> None:
    assert "Invitation" not in client.get(SIGN_UP).text
    client.get(f"/invite/{made().code}/")
    client.post(SIGN_UP, {**PERSON, "invitation": Invitation.objects.get().code})
    assert User.objects.get().plan.name == "Guests"


def test_a_closed_site_takes_no_code(client: Client, settings: Settings, db: None, alices: Client) -> None:
    invitation = made()
    for settings.SIGNUP, settings.SIGNUP_OPEN in (("closed", True), ("invited", False)):
        assert client.get(f"/invite/{invitation.code}/").status_code == 403
        client.post(SIGN_UP, {**PERSON, "invitation": invitation.code})
        assert User.objects.count() == 1
    assert alices.get(f"/invite/{invitation.code}/")["Location"] == "/account/"


def test_only_addresses_at_the_named_domains(client: Client, alices: Client, alice: User, settings: Settings) -> None:
    settings.SIGNUP_DOMAINS = ["example.com"]
    assert "Only addresses at example.com" in client.post(SIGN_UP, PERSON).text
    for address, taken in (("a@sub.example.com", False), ("a@example.com.evil.org", False), ("a@EXAMPLE.com", True)):
        alices.post("/accounts/email/", {"email": address, "action_add": ""})
        assert alice.emailaddress_set.filter(email__iexact=address).exists() is taken, address  # type: ignore[attr-defined]
    # Whoever was here before signs in as ever.
    assert client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).status_code == 302


def test_the_admin_makes_one_and_shows_its_link(admin_client: Client) -> None:
    admin_client.post("/admin/accounts/invitation/add/", {"note": "For the course", "uses": 3})
    invitation = Invitation.objects.get()
    assert invitation.created_by is not None
    page = admin_client.get(f"/admin/accounts/invitation/{invitation.pk}/change/").text
    assert f"http://localhost:8000/invite/{invitation.code}/" in page
    Invitation.objects.update(used=2)
    fewer = admin_client.post(f"/admin/accounts/invitation/{invitation.pk}/change/", {"note": "x", "uses": 1})
    assert "2 people have joined by it" in fewer.text
