"""A provider of OpenID Connect over a true socket, which signs whatever it is told about its one person."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, SECRET = "tempera", "between the two"
LOGIN = "/accounts/oidc/sso/login/"


class Provider(ThreadingHTTPServer):
    """`claims` are what it says of the person; `sub` is who they are there. `issuer` is what it calls itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.issuer: str | None = self.url
        self.claims: dict[str, Any] = {"sub": "person-1"}

    def app(self) -> dict[str, Any]:
        """What the site is told of it."""
        return {
            "client_id": CLIENT_ID, "secret": SECRET, "name": "The Company", "provider_id": "sso",
            "settings": {"server_url": self.url, "issuer": self.url, "oauth_pkce_enabled": True},
        }  # fmt: skip

    def id_token(self) -> str:
        now = int(time.time())
        about = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.claims}
        return jwt.encode(about, self.key, "RS256", headers={"kid": "1"})


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        url, path = self.server.url, urlsplit(self.path)
        if path.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(path.query).items()}
            assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
            self.send_response(302)
            answer = urlencode({"code": "one", "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
            self.end_headers()
        elif path.path == "/userinfo":
            self.tell(self.server.claims)
        elif path.path == "/jwks":
            key = RSAAlgorithm.to_jwk(self.server.key.public_key(), as_dict=True)
            self.tell({"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]})
        else:
            self.tell({
                "issuer": self.server.issuer, "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token", "userinfo_endpoint": f"{url}/userinfo",
                "jwks_uri": f"{url}/jwks",
            })  # fmt: skip

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert sent["code"] == ["one"] and len(sent["code_verifier"][0]) >= 43
        self.tell({"access_token": "a", "token_type": "Bearer", "id_token": self.server.id_token()})

    def tell(self, answer: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[Provider]:
    with Provider() as provider:
        thread = Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield provider
        finally:
            provider.shutdown()
            thread.join()


def come_from(client: Client, query: str = "") -> HttpResponse:
    """The browser goes to the provider and comes back; what the site answers then."""
    to_provider = client.post(LOGIN + query)
    assert to_provider.status_code == 302, to_provider.text
    back = httpx.get(to_provider["Location"])
    assert back.status_code == 302, back.text
    answer = client.get(back.headers["Location"])
    return answer  # type: ignore[return-value]
