"""Coming from a provider and not being let in: what is told, and that each time is a security event."""

from __future__ import annotations

import runpy
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.closing import close_for_now, shut_out
from accounts.models import SecurityEvent, User
from tests.accounts.oidc_provider import LOGIN, Provider, come_from
from tests.accounts.test_sign_in_from_elsewhere import provider, server, signed_in_as
from tests.architecture.sources import ROOT
from tests.conftest import PASSWORD

__all__ = ["provider", "server"]
CALLBACK = f"{LOGIN}callback/"
SETTINGS = str(ROOT / "config/settings/sign_in.py")


def last() -> tuple[str, User | None, dict[str, Any]]:
    event = SecurityEvent.objects.latest("pk")
    return event.kind, event.whom, event.details


def refused(why: str) -> tuple[str, User | None, dict[str, Any]]:
    return "sign-in-refused", None, {"by": "sso", "why": why}


@pytest.fixture
def issuer(server: Provider) -> Any:
    yield server
    server.issuer = server.url


class TestAnotherIssuer:
    @pytest.mark.parametrize("named", ["{}/", "https://elsewhere.example.org", "HTTP{}", "", None])
    def test_nobody_is_sent_to_it(
        self, client: Client, provider: Provider, issuer: Provider, named: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        issuer.issuer = named and named.format(issuer.url.removeprefix("http") if "HTTP" in named else issuer.url)
        answer = client.post(LOGIN)
        assert answer.status_code == 401 and "calls itself by another address" in answer.text
        assert "(other-issuer)" in answer.text and last() == refused("other-issuer")
        lines: list[Any] = [record.msg for record in caplog.records if "other_issuer" in str(record.msg)]
        (line,) = lines
        assert (line["expected"], line["named"], line["level"]) == (issuer.url, str(issuer.issuer), "error")

    def test_nobody_who_comes_back_is_let_in(self, client: Client, provider: Provider, issuer: Provider) -> None:
        back = httpx.get(client.post(LOGIN)["Location"]).headers["Location"]
        issuer.issuer = "https://elsewhere.example.org"
        answer = client.get(back)
        assert answer.status_code == 401 and "(other-issuer)" in answer.text and last() == refused("other-issuer")
        assert signed_in_as(client) == "" and not User.objects.exists()

    @pytest.mark.parametrize(
        "told, asked",
        [
            ("https://a.example.org", "https://a.example.org"),
            ("https://a.example.org/", "https://a.example.org"),
            ("https://a.example.org/realms/one/", "https://a.example.org/realms/one"),
            ("https://a.example.org/x/.well-known/openid-configuration", "https://a.example.org/x"),
        ],
    )
    def test_its_metadata_are_where_the_standard_says(
        self, monkeypatch: pytest.MonkeyPatch, told: str, asked: str
    ) -> None:
        monkeypatch.setenv("OIDC_SERVER", told)
        found = runpy.run_path(SETTINGS)["OPENID_CONNECT"]["settings"]
        assert found["server_url"] == f"{asked}/.well-known/openid-configuration"
        assert found["issuer"] == told.removesuffix("/.well-known/openid-configuration")

    @pytest.mark.parametrize("told", ["https://a.example.org/.well-known/other", "https://a.example.org?app=1"])
    def test_what_is_no_issuer_is_told(self, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
        monkeypatch.setenv("OIDC_SERVER", told)
        with pytest.raises(ImproperlyConfigured, match="own address"):
            runpy.run_path(SETTINGS)


class TestEachIsAnEvent:
    @pytest.mark.parametrize("claims", [{"aud": "another"}, {"iss": "https://elsewhere.example.org"}, {"exp": 1}])
    def test_an_answer_that_is_not_believed(self, client: Client, provider: Provider, claims: dict[str, Any]) -> None:
        provider.claims |= claims
        assert come_from(client).status_code == 401
        assert last() == refused("bad-answer")

    @pytest.mark.parametrize(
        "query, why",
        [
            ("", "not-asked-for"),
            ("?code=one&state=made-up", "not-asked-for"),
            ("?error=server_error", "provider-error"),
        ],
    )
    def test_nobody_had_asked(self, client: Client, provider: Provider, query: str, why: str) -> None:
        assert client.get(CALLBACK + query, headers={"X-Request-Id": "abc"}).status_code == 401
        event = SecurityEvent.objects.latest("pk")
        assert last() == refused(why) and (event.address, event.request_id) == ("127.0.0.1", "abc")

    @pytest.mark.parametrize("error, why", [("access_denied", "cancelled"), ("server_error", "provider-error")])
    def test_the_provider_says_no(self, client: Client, provider: Provider, error: str, why: str) -> None:
        state = httpx.URL(client.post(LOGIN)["Location"]).params["state"]
        client.get(CALLBACK, {"error": error, "state": state})
        assert last() == refused(why)

    def test_the_provider_is_away(self, client: Client, provider: Provider, settings: Settings) -> None:
        app = provider.app()
        app["settings"]["server_url"] = "http://127.0.0.1:9"
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        assert client.post(LOGIN).status_code == 401
        assert last() == refused("provider-away")

    def test_who_is_shut_out_or_has_closed_the_account(self, client: Client, provider: Provider) -> None:
        come_from(Client())
        nora = User.objects.get()
        shut_out(nora, "Adverts.", timezone.now() + timedelta(days=1))
        come_from(client)
        assert last() == ("sign-in-refused", nora, {"by": "sso", "why": "shut-out"})
        User.objects.update(is_active=True, shut_out_until=None)
        close_for_now(User.objects.get(), timezone.now() + timedelta(days=1))
        come_from(client)
        assert last() == ("sign-in-refused", nora, {"by": "sso", "why": "account-closed"})

    def test_this_site_takes_nobody_new(self, client: Client, provider: Provider, settings: Settings) -> None:
        settings.SIGNUP_DOMAINS = ["example.com"]
        come_from(client)
        assert last() == refused("domain-not-allowed")
        settings.SIGNUP = "closed"
        settings.SIGNUP_OPEN = False
        come_from(client)
        assert last() == refused("signup-closed")

    def test_of_who_is_signed_in_it_is_a_login_that_is_not_connected(
        self, alices: Client, alice: User, provider: Provider
    ) -> None:
        alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
        provider.claims |= {"exp": 1}
        come_from(alices, "?process=connect")
        event = SecurityEvent.objects.latest("pk")
        assert (event.kind, event.who, event.details["why"]) == ("connecting-refused", alice, "bad-answer")
