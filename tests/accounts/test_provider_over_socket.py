"""Programs of others over a socket: their people sign in and agree on the true pages, and they are let do no more."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import jwt
import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from pydantic import AnyUrl

from accounts.models import User
from tests.conftest import PASSWORD
from tests.journeys.site import Site, started
from tests.platform.hostile.forms import Form, FormReader

BACK = "http://127.0.0.1:9/back"
"""Nobody listens there: the browser is stopped at the door, and says where it was led."""
ASKED = "openid profile email read generate"


@pytest.fixture
def quick_passwords() -> None:
    """The site is another process with its own hashers, so the real ones are used."""


@pytest.fixture(scope="module")
def running_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    offered = {"OAUTH_PROVIDER": "on", "OAUTH_REGISTRATION": "on"}
    folder = tmp_path_factory.mktemp("provider")
    with started(django_db_blocker.unblock(), folder, with_worker=False, **offered) as site:
        yield site


@pytest.fixture
def site(transactional_db: None, running_site: Site) -> Site:
    return running_site


@pytest.fixture
def program(site: Site) -> Iterator[Program]:
    """One that the operator has entered."""
    OAuthClient.objects.create(
        id="app", name="An app", type="public", scopes=ASKED.replace(" ", "\n"), redirect_uris=BACK,
        grant_types="authorization_code\nrefresh_token",
    )  # fmt: skip
    with httpx.Client(timeout=60) as line:
        yield Program(site, line)


def answered(address: str, unticked: tuple[str, ...] = (), action: str = "grant") -> dict[str, str]:
    """Alice, before a browser, signs in, reads what is asked for, and agrees but for some scopes; what is told back."""
    with httpx.Client(timeout=60) as browser:
        page = browser.get(address, follow_redirects=True)
        assert page.url.path == "/accounts/login/", page.text
        form = form_with(page, "login")
        typed = {**form.fields, "login": "alice", "password": PASSWORD, "next": page.url.params["next"]}
        page = browser.post(page.url.join(form.action), data=typed, follow_redirects=True)
        assert page.status_code == 200 and page.url.path == "/identity/o/authorize", page.text
        form = form_with(page, "scopes")
        asked = parse_qs(urlsplit(address).query)["scope"][0].split()
        assert all(f'value="{scope}"' in page.text for scope in asked)
        agreed = [scope for scope in asked if scope not in unticked]
        left = browser.post(page.url.join(form.action), data={**form.fields, "scopes": agreed, "action": action})
    assert left.status_code == 302 and left.headers["Location"].startswith(BACK), left.text
    return {name: values[0] for name, values in parse_qs(urlsplit(left.headers["Location"]).query).items()}


def form_with(page: httpx.Response, name: str) -> Form:
    reader = FormReader(page.url.path)
    reader.feed(page.text)
    return next(form for form in reader.forms if name in form.names)


@dataclass
class Program:
    """What a program of others does, by what the site says of itself."""

    site: Site
    http: httpx.Client
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def __post_init__(self) -> None:
        self.told = self.http.get(f"{self.site.address}/.well-known/openid-configuration").json()

    @property
    def address(self) -> str:
        """Where its person is sent."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": ASKED, "state": self.state,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return str(httpx.URL(self.told["authorization_endpoint"], params=asked))

    def exchange(self, code: str, verifier: str) -> httpx.Response:
        return self.ask_token(
            grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=verifier, client_id="app"
        )

    def refresh(self, token: str, **more: str) -> httpx.Response:
        return self.ask_token(grant_type="refresh_token", refresh_token=token, client_id="app", **more)

    def ask_token(self, **fields: str) -> httpx.Response:
        return self.http.post(self.told["token_endpoint"], data=fields)

    def let_in(self, unticked: tuple[str, ...] = ()) -> dict[str, Any]:
        told = answered(self.address, unticked)
        assert told["state"] == self.state
        answer = self.exchange(told["code"], self.verifier)
        assert answer.status_code == 200, answer.text
        held: dict[str, Any] = answer.json()
        return held

    def get(self, address: str, token: str) -> httpx.Response:
        return self.http.get(address, headers={"Authorization": f"Bearer {token}"})

    def ask(self, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, f"{self.site.address}{path}", headers=headers, **options)


def test_a_person_lets_a_program_in_and_it_does_no_more(program: Program, alice: User) -> None:
    told = answered(program.address, unticked=("generate",))
    wrong = program.exchange(told["code"], secrets.token_urlsafe(48))
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    held = program.exchange(told["code"], program.verifier).json()
    assert (held["token_type"], set(held["scope"].split())) == ("Bearer", set(ASKED.split()) - {"generate"})
    assert program.exchange(told["code"], program.verifier).status_code == 400
    token = held["access_token"]
    assert program.ask("GET", "/api/v1/me", token).json()["username"] == "alice"
    assert program.ask("GET", "/v1/models", token).status_code == 200
    for path in ("/api/v1/jobs", "/v1/images/generations", "/sdapi/v1/txt2img"):
        refused = program.ask("POST", path, token, json={"prompt": "a red apple"})
        assert refused.status_code == 403 and "generate" in refused.text, path


def test_it_is_told_who_it_is(program: Program, alice: User) -> None:
    held = program.let_in()
    key = jwt.PyJWKClient(program.told["jwks_uri"]).get_signing_key_from_jwt(held["id_token"])
    claims = jwt.decode(
        held["id_token"], key, algorithms=["RS256"], audience="app", issuer=program.told["issuer"]
    )  # fmt: skip
    told = program.get(program.told["userinfo_endpoint"], held["access_token"])
    assert told.status_code == 200 and told.json()["sub"] == claims["sub"] == alice.code
    assert program.get(program.told["userinfo_endpoint"], "made-up").status_code == 401


def test_a_refreshed_token_is_for_the_same(program: Program, alice: User) -> None:
    held = program.let_in(unticked=("generate",))
    more = program.refresh(held["refresh_token"], scope="openid read generate")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    anew = program.refresh(held["refresh_token"]).json()
    assert anew["access_token"] != held["access_token"] and "generate" not in anew["scope"]
    assert program.ask("GET", "/api/v1/me", anew["access_token"]).status_code == 200
    assert program.ask("POST", "/api/v1/jobs", anew["access_token"], json={"prompt": "x"}).status_code == 403
    assert program.refresh(held["refresh_token"]).status_code == 400


def test_a_revoked_token_is_over_and_so_is_what_it_opened(program: Program, alice: User) -> None:
    held = program.let_in()
    token = held["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with program.http.stream("GET", f"{program.site.address}/api/v1/jobs/events", headers=headers) as stream:
        lines = stream.iter_lines()
        assert "event: open" in lines
        revoked = program.http.post(program.told["revocation_endpoint"], data={"token": token, "client_id": "app"})
        assert revoked.status_code == 200, revoked.text
        began = time.monotonic()
        assert 'data: {"reason":"no-longer-allowed"}' in lines
        assert time.monotonic() - began < 5  # half a second, on a machine that has nothing else to do
    assert program.ask("GET", "/api/v1/me", token).status_code == 401
    assert program.get(program.told["userinfo_endpoint"], token).status_code == 401


def test_whoever_says_no_lets_nobody_in(program: Program, alice: User) -> None:
    told = answered(program.address, action="cancel")
    assert told == {"error": "access_denied", "state": program.state}


@dataclass
class Kept:
    """What an agent's client remembers."""

    tokens: Any = None
    client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client: Any) -> None:
        self.client = client


def test_an_agent_registers_itself_and_is_let_in(site: Site, alice: User) -> None:
    """The official client, which knows nothing but the address."""
    kept, told = Kept(), dict[str, str]()

    async def lead(address: str) -> None:
        told.update(await asyncio.to_thread(answered, address))

    async def led_back() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=told["code"], state=told["state"])

    metadata = OAuthClientMetadata(
        client_name="An agent", redirect_uris=[AnyUrl(BACK)], token_endpoint_auth_method="none"
    )
    auth = OAuthClientProvider(f"{site.address}/mcp", metadata, kept, lead, led_back)

    async def call() -> Any:
        async with (
            httpx2.AsyncClient(auth=auth, timeout=60) as http,
            Client(streamable_http_client(f"{site.address}/mcp", http_client=http)) as client,
        ):
            return (await client.call_tool("my_pictures", {})).structured_content

    assert asyncio.run(call()) == {"pictures": [], "more": False}
    assert set(kept.tokens.scope.split()) == {"read", "generate"}
    # It is for agents' address alone.
    answer = httpx.get(
        f"{site.address}/api/v1/me", headers={"Authorization": f"Bearer {kept.tokens.access_token}"}, timeout=60
    )
    assert answer.status_code == 401
