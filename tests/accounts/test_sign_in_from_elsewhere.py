"""Coming in from a provider: who is joined to which account, who is asked for what, and who is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.closing import shut_out
from accounts.entrance_models import Invitation
from accounts.models import Plan, User
from tests.accounts.oidc_provider import LOGIN, Provider, come_from, running
from tests.conftest import PASSWORD, join

NORA = {"sub": "nora-1", "preferred_username": "nora", "email": "nora@example.org", "email_verified": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, settings: Settings, db: None) -> Provider:
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [server.app()]}}
    server.claims = dict(NORA)
    return server


def signed_in_as(client: Client) -> str:
    page = client.get("/account/")
    return str(page.context["user"].username) if page.status_code == 200 else ""


def test_somebody_new_gets_an_account(client: Client, provider: Provider) -> None:
    answer = come_from(client, "?next=/gallery/")
    assert (answer.status_code, answer["Location"]) == (302, "/gallery/")
    nora = User.objects.get()
    assert (nora.username, nora.email, nora.plan.is_default) == ("nora", "nora@example.org", True)
    assert EmailAddress.objects.get().verified and not nora.has_usable_password()
    assert signed_in_as(client) == "nora"
    again = Client()
    come_from(again)
    assert signed_in_as(again) == "nora" and User.objects.count() == 1


@pytest.mark.parametrize(
    "told", [{"aud": "another"}, {"iss": "https://elsewhere.example.org"}, {"exp": 1}], ids=["for", "by", "until"]
)
def test_a_token_for_another_site_or_by_another_or_stale_is_no_word(
    client: Client, provider: Provider, told: dict[str, object]
) -> None:
    provider.claims |= told
    assert come_from(client).status_code == 401
    assert signed_in_as(client) == "" and not User.objects.exists()


def test_another_browser_is_not_signed_in_by_the_same_answer(client: Client, provider: Provider) -> None:
    back = httpx.get(client.post(LOGIN)["Location"]).headers["Location"]
    stranger = Client()
    assert stranger.get(back).status_code == 401 and signed_in_as(stranger) == ""
    client.get(back)
    assert signed_in_as(client) == "nora"


def test_a_confirmed_address_joins_the_account_that_has_it(client: Client, provider: Provider, alice: User) -> None:
    provider.claims |= {"email": "ALICE@example.org"}
    come_from(client)
    assert signed_in_as(client) == "alice"
    assert SocialAccount.objects.get().user == alice and alice.check_password(PASSWORD)
    assert mail.outbox[-1].to == [alice.email] and "The Company" in mail.outbox[-1].body


@pytest.mark.parametrize("verified", [False, "false", None])
def test_an_unconfirmed_address_takes_over_nothing(
    client: Client, provider: Provider, alice: User, verified: object
) -> None:
    provider.claims |= {"email": alice.email, "email_verified": verified}
    come_from(client)
    assert signed_in_as(client) == "" and not SocialAccount.objects.exists()
    assert User.objects.count() == 1


def test_an_address_that_the_account_never_confirmed_is_not_joined(client: Client, provider: Provider) -> None:
    squatter = join("squatter")
    EmailAddress.objects.filter(user=squatter).update(email="nora@example.org", verified=False)
    User.objects.filter(pk=squatter.pk).update(email="nora@example.org")
    come_from(client)
    assert signed_in_as(client) == "" and not SocialAccount.objects.exists()


def test_staff_are_not_joined_by_an_address_but_connect_it(
    client: Client, provider: Provider, bob: User, settings: Settings
) -> None:
    provider.claims |= {"email": bob.email}
    come_from(client)
    assert signed_in_as(client) == "" and not SocialAccount.objects.exists()
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    come_from(client, "?process=connect")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert SocialAccount.objects.get().user == bob
    settings.STAFF_SECOND_FACTOR = True
    come_from(fresh := Client())
    assert signed_in_as(fresh) == "bob"
    assert fresh.get("/admin/gallery/post/").status_code == 302


def test_a_second_factor_is_asked_for(client: Client, provider: Provider, alice: User) -> None:
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "x"})
    provider.claims |= {"email": alice.email}
    assert come_from(client)["Location"] == "/accounts/2fa/authenticate/"
    assert signed_in_as(client) == ""


def test_a_name_that_is_taken_is_told_and_another_asked_for(client: Client, provider: Provider, alice: User) -> None:
    provider.claims |= {"preferred_username": "аlice"}  # its first letter is Cyrillic
    assert come_from(client)["Location"] == "/accounts/3rdparty/signup/"
    form = client.get("/accounts/3rdparty/signup/")
    assert "taken here" in form.text
    sent = {"username": "alice", "email": "nora@example.org"}
    assert "taken" in client.post("/accounts/3rdparty/signup/", sent).text
    client.post("/accounts/3rdparty/signup/", {**sent, "username": "nora"})
    assert signed_in_as(client) == "nora"


def test_a_login_of_somebody_else_is_not_taken_over(client: Client, provider: Provider, alices: Client) -> None:
    come_from(client)
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    come_from(alices, "?process=connect")
    assert "belongs to another account" in alices.get("/accounts/3rdparty/").text
    assert SocialAccount.objects.get().user.username == "nora"


def test_a_closed_site_takes_nobody_new(client: Client, provider: Provider, settings: Settings, alice: User) -> None:
    settings.SIGNUP_OPEN = False
    assert "No new accounts" in come_from(client).text
    assert not SocialAccount.objects.exists()
    provider.claims |= {"email": alice.email}
    come_from(client)
    assert signed_in_as(client) == "alice"


def test_other_domains_are_refused(client: Client, provider: Provider, settings: Settings) -> None:
    settings.SIGNUP_DOMAINS = ["example.com"]
    answer = come_from(client)
    assert answer.status_code == 403 and "Only addresses at example.com" in answer.text
    assert not User.objects.exists()


def test_an_invitation_comes_along(client: Client, provider: Provider, settings: Settings) -> None:
    settings.SIGNUP = "invited"
    plan = Plan.objects.create(name="Studio")
    invitation = Invitation.objects.create(plan=plan)
    form = come_from(Client())
    assert form["Location"] == "/accounts/3rdparty/signup/" and not User.objects.exists()
    client.get(f"/invite/{invitation.code}/")
    come_from(client)
    assert signed_in_as(client) == "nora" and User.objects.get().plan == plan
    provider.claims = {**NORA, "sub": "two", "preferred_username": "second", "email": "two@example.org"}
    come_from(late := Client())
    sent = {"username": "second", "email": "two@example.org", "invitation": invitation.code}
    assert "has been used" in late.post("/accounts/3rdparty/signup/", sent).text
    assert User.objects.count() == 1


def test_who_is_shut_out_reads_why(client: Client, provider: Provider) -> None:
    come_from(Client())
    nora = User.objects.get()
    shut_out(nora, "Adverts.", timezone.now() + timedelta(days=1))
    answer = come_from(client)
    assert answer.status_code == 403 and "Adverts." in answer.text and "until" in answer.text
    assert signed_in_as(client) == ""


def test_an_address_without_a_word_counts_where_the_operator_vouches(
    client: Client, provider: Provider, settings: Settings, alice: User
) -> None:
    settings.SSO_TRUSTED_DOMAINS = ["example.org"]
    provider.claims = {"sub": "1", "email": alice.email}
    come_from(client)
    assert signed_in_as(client) == "alice"


def test_connecting_and_disconnecting(alices: Client, alice: User, provider: Provider, settings: Settings) -> None:
    assert "None is connected" in alices.get("/accounts/3rdparty/").text
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    come_from(alices, "?process=connect")
    page = alices.get("/accounts/3rdparty/").text
    assert "The Company" in page and "nora-1" in page
    row = SocialAccount.objects.get(user=alice)
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "nora-1" in alices.get("/accounts/3rdparty/").text
    alices.post("/accounts/3rdparty/", {"account": row.pk})
    assert not SocialAccount.objects.exists()


def test_the_only_way_in_is_not_disconnected(client: Client, provider: Provider) -> None:
    come_from(client)
    answer = client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert "your only way in" in answer.text and SocialAccount.objects.exists()


def test_the_buttons_are_there_where_there_is_a_provider(client: Client, provider: Provider, settings: Any) -> None:
    page = client.get("/accounts/login/?next=/gallery/")
    assert "The Company" in page.text and f"{LOGIN}?next=%2Fgallery%2F" in page.text.replace(
        "/gallery/", "%2Fgallery%2F"
    )
    assert "form-action 'self' https: http:" in page["Content-Security-Policy"]
    settings.SOCIALACCOUNT_PROVIDERS = {}
    page = client.get("/accounts/login/")
    assert "The Company" not in page.text and "form-action 'self';" in page["Content-Security-Policy"] + ";"
    assert client.post(LOGIN).status_code == 404
