"""A third-party program is let in by OAuth: what it may do, and that it is shut out at once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from django.test import Client
from django.urls import clear_url_caches
from rest_framework.test import APIClient

from accounts.closing import shut_out
from accounts.grants import find_grant, programs_of, still_standing
from accounts.models import User
from config.env import rsa_key
from tests.conftest import PASSWORD

BACK = "https://app.example.org/back"
VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture(autouse=True)
def provider(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.accounts.provider_urls"
    settings.OAUTH_PROVIDER = True
    settings.IDP_OIDC_PRIVATE_KEY = rsa_key()
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.fixture
def program(db: None) -> OAuthClient:
    made: OAuthClient = OAuthClient.objects.create(
        id="app", name="An app", type="public", scopes="openid\nread\ngenerate", redirect_uris=BACK,
        grant_types="authorization_code\nrefresh_token",
    )  # fmt: skip
    return made


def asked(**changes: str) -> dict[str, str]:
    return {
        "client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "openid read", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes,
    }  # fmt: skip


def let_in(browser: Client, **changes: str) -> dict[str, Any]:
    """What the program holds once its person has agreed."""
    form = browser.get("/identity/o/authorize", asked(**changes)).context["form"]
    granted = {"request": form.initial["request"], "scopes": form.fields["scopes"].initial, "action": "grant"}
    back = urlsplit(browser.post("/identity/o/authorize", granted)["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    query = parse_qs(back.query)
    assert query["state"] == ["s"]
    answer = Client().post(
        "/identity/o/api/token",
        {
            "grant_type": "authorization_code", "code": query["code"][0], "redirect_uri": BACK, "client_id": "app",
            "code_verifier": VERIFIER,
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    held: dict[str, Any] = answer.json()
    return held


def bearer(held: dict[str, Any]) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {held['access_token']}"})


def test_it_does_what_it_was_let_do(alices: Client, alice: User, program: OAuthClient) -> None:
    held = let_in(alices)
    me = bearer(held).get("/api/v1/me")
    assert me.status_code == 200 and me.json()["username"] == "alice"
    refused = bearer(held).post("/api/v1/jobs", {"prompt": "x"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "missing-scope")
    claims = jwt.decode(held["id_token"], options={"verify_signature": False})
    assert claims["sub"] == alice.code and claims["aud"] == "app"


def test_it_may_ask_for_no_more_than_it_was_made_for(alices: Client, program: OAuthClient) -> None:
    answer = alices.get("/identity/o/authorize", asked(scope="openid moderate"))
    assert answer.status_code == 302 and "invalid_scope" in answer["Location"]


def test_it_leads_nowhere_else(alices: Client, program: OAuthClient) -> None:
    answer = alices.get("/identity/o/authorize", asked(redirect_uri="https://evil.example.org/"))
    assert "Location" not in answer and "evil.example.org" not in answer.text


def test_whoever_is_no_one_signs_in_first(client: Client, program: OAuthClient) -> None:
    answer = client.get("/identity/o/authorize", asked())
    assert answer["Location"].startswith("/accounts/login/")


def test_it_is_shut_out_on_the_page(alices: Client, charlies: Client, alice: User, program: OAuthClient) -> None:
    held = let_in(alices)
    (shown,) = programs_of(alice)
    assert (shown.name, shown.scopes) == ("An app", ("read",))
    assert "An app" in alices.get("/account/tokens/").text
    grant = find_grant(held["access_token"])
    assert grant is not None and still_standing([grant[1]]) == {grant[1]}
    assert charlies.post("/account/programs/app/remove/").status_code == 404
    assert alices.post("/account/programs/app/remove/").status_code == 302
    assert bearer(held).get("/api/v1/me").status_code == 401
    assert not Token.objects.exists() and still_standing([grant[1]]) == set()


@pytest.mark.parametrize("ending", ["password", "closed"])
def test_it_ends_with_what_ends_tokens(alices: Client, alice: User, program: OAuthClient, ending: str) -> None:
    held = let_in(alices)
    if ending == "closed":
        shut_out(alice)
    else:
        new = {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"}
        assert alices.post("/accounts/password/change/", new).status_code == 302
    assert bearer(held).get("/api/v1/me").status_code == 401


def test_a_token_for_one_address_is_for_no_other(
    alices: Client, alice: User, program: OAuthClient, settings: Any
) -> None:
    held = let_in(alices, resource=f"{settings.SITE_URL}/mcp")
    grant = find_grant(held["access_token"])
    assert grant is not None and grant[1].resources == (f"{settings.SITE_URL}/mcp",)
    assert bearer(held).get("/api/v1/me").status_code == 401


def test_where_it_is_switched_off_no_grant_counts(alices: Client, program: OAuthClient, settings: Any) -> None:
    held = let_in(alices)
    settings.OAUTH_PROVIDER = False
    assert bearer(held).get("/api/v1/me").status_code == 401


def test_what_registers_itself_asks_for_little(db: None, settings: Any, client: Client) -> None:
    from accounts.adapters import ProviderAdapter

    adapter = ProviderAdapter()
    adapter.validate_client_registration(client=OAuthClient(scopes="openid\nread\ngenerate"))
    with pytest.raises(Exception, match="moderate"):
        adapter.validate_client_registration(client=OAuthClient(scopes="openid\nmoderate"))


def test_the_site_says_what_it_is(client: Client, db: None, settings: Any) -> None:
    told = client.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == settings.SITE_URL and {"read", "generate"} <= set(told["scopes_supported"])
    (key,) = client.get("/.well-known/jwks.json").json()["keys"]
    assert key["kty"] == "RSA" and "d" not in key
