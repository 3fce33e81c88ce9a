"""NULs and endless nesting: a refusal with a code at every door, before anything reads what came."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from config.asgi import Handler
from config.input_limits import NoNul
from generation.models import Checkpoint
from generation.models.jobs import Draft

FETCH = {"X-Requested-With": "fetch"}


@pytest.mark.parametrize("parameter", ["q", "tag", "lora", "before", "page", "next", "a\0b"])
def test_in_an_address(alices: Client, parameter: str) -> None:
    for name in ("gallery", "images", "create", "create-choices", "studio", "account-credits", "account_login"):
        answer = alices.get(reverse(name), {parameter: "a\0b"}, headers=FETCH)
        assert (answer.status_code, answer.json()["code"]) == (400, "nul-character"), name


def test_in_a_path(alices: Client) -> None:
    assert alices.get("/gallery/by/a%00b/").status_code == 400
    assert alices.get("/a%00b").status_code == 400


def test_a_browser_reads_a_page(client: Client, db: None) -> None:
    answer = client.get("/gallery/?q=%00")
    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()
    assert "default-src" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name, fields",
    [
        ("create", {"prompt": "a\0cat"}),
        ("create-inspect", {"prompt": "a cat", "checkpoint": "emoji\0"}),
        ("create-inspect", {"prompt": "a cat", "sampler": "\0"}),
        ("create-read", {"text": "a cat\0"}),
        ("create", {"prompt": "a cat", "a\0b": "1"}),
        ("account_login", {"login": "alice\0", "password": "x"}),
    ],
)
def test_in_a_form(alices: Client, catalog: Checkpoint, name: str, fields: dict[str, str]) -> None:
    answer = alices.post(reverse(name), fields, headers=FETCH)
    assert (answer.status_code, answer.json()["code"]) == (400, "nul-character")
    assert not Draft.objects.exists()


def test_in_a_cookie(client: Client, db: None) -> None:
    """Django reads the escapes of a quoted cookie, and the session's key is looked up in the database."""
    client.cookies.load({"plain": "1"})
    answer = client.get("/", headers={"cookie": 'sessionid="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\000"'} | FETCH)
    assert (answer.status_code, answer.json()["code"]) == (400, "nul-character")


def test_in_a_token(catalog: Checkpoint) -> None:
    answer = APIClient().get("/api/v1/jobs", headers={"authorization": "Bearer tmp_a\0b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "nul-character")


def test_a_token_that_is_no_text(catalog: Checkpoint) -> None:
    for path in ("/api/v1/jobs", "/api/v1/account", "/api/v1/posts", "/metrics"):
        answer = APIClient().get(path, headers={"authorization": "Bearer tmp_\xff\xfe"})
        assert answer.status_code in {401, 403, 404}, path
    answer = APIClient().get("/api/v1/jobs", headers={"authorization": "Bearer \xff"})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "name",
    ["Accept", "Accept-Language", "Authorization", "Cookie", "If-None-Match", "If-Modified-Since", "Idempotency-Key",
     "Origin", "Range", "Referer", "User-Agent", "X-CSRFToken", "X-Requested-With", "HX-Current-URL"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["\xff\xfe", "sessionid=\xff\xfe; csrftoken=\xff; messages=\xff", "Basic \xff"])
def test_bytes_that_are_no_text_in_any_header(client: Client, catalog: Checkpoint, name: str, value: str) -> None:
    for path in ("/", "/gallery/", "/accounts/login/", "/api/v1/checkpoints"):
        assert client.get(path, headers={name: value}).status_code < 500, path
    assert client.post("/accounts/login/", {"login": "alice", "password": "x"}, headers={name: value}).status_code < 500


@pytest.mark.parametrize("charset", ["idna", "utf-7"])
@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_a_charset_that_is_not_read(alices: Client, catalog: Checkpoint, kind: str, charset: str) -> None:
    kind = f"{kind}; charset={charset}"
    for path in ("/api/v1/jobs?limit=2", "/gallery/?q=a", "/accounts/login/?next=/"):
        for method in ("GET", "POST"):
            answer = alices.generic(method, path, "--x--", kind, headers=FETCH)
            assert (answer.status_code, answer.json()["code"]) == (400, "charset"), path
    assert alices.generic("GET", "/gallery/?q=a", "-", "text/plain; charset=UTF-8").status_code == 200


def request_of(charset: bytes) -> tuple[Any, Any]:
    headers = [(b"content-type", b"text/plain; charset=" + charset), (b"x-requested-with", b"fetch")]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"q=a", "headers": headers}
    answer: tuple[Any, Any] = Handler().create_request(scope, io.BytesIO())
    return answer


@pytest.mark.parametrize("charset", [b"zlib", b"rot13", b"base64", b"punycode"])
def test_what_is_no_charset(charset: bytes) -> None:
    """Not by the test's client, which trips over it by itself."""
    request, _ = request_of(charset)
    answer = NoNul(lambda request: HttpResponse(request.GET["q"]))(request)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "charset")


def test_a_nul_in_the_name_of_a_charset() -> None:
    request, answer = request_of(b"a\0b")
    assert request is None and answer.status_code == 400 and b"UTF-8" in answer.content


@pytest.mark.parametrize("parameter", ["q", "cursor", "limit", "mine"])
def test_in_an_address_of_the_api(alices_api: APIClient, parameter: str) -> None:
    answer = alices_api.get("/api/v1/images", {parameter: "\0"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "nul-character"


@pytest.mark.parametrize(
    "body, code",
    [
        ({"prompt": "a\0cat"}, "nul-character"),
        ({"prompt": "a cat", "loras": [{"name": "line\0art"}]}, "nul-character"),
        ({"prompt": "a cat", "a\0b": 1}, "nul-character"),
        ({"prompt": "a cat", "checkpoint": "\ud800"}, "lone-surrogate"),
    ],
)
def test_in_json(alices_api: APIClient, catalog: Checkpoint, body: dict[str, Any], code: str) -> None:
    answer = alices_api.post("/api/v1/jobs", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("levels", [33, 500, 990, 100_000])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_json_without_end(alices_api: APIClient, catalog: Checkpoint, levels: int, pair: str) -> None:
    opening = "[" if pair == "[]" else '{"a":'
    body = f"{opening * levels}1{pair[1] * levels}"
    for headers in ({}, {"Idempotency-Key": "deep"}):
        answer = alices_api.post("/api/v1/jobs", body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "nested-too-deep")


def test_words_of_all_languages_pass(alices_api: APIClient, catalog: Checkpoint) -> None:
    answer = alices_api.post("/api/v1/jobs", {"prompt": "猫 🐈 \\0 %00 \\u0000"}, format="json")
    assert answer.status_code == 202
