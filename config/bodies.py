"""How much a request may send to an address, told from its headers; the sentences for what is not read.

Not how it is read: that is `config.web_server`, which asks here in a thread, since this asks the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from urllib.parse import unquote

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connections
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from rest_framework.exceptions import AuthenticationFailed

from accounts.refusals import NotAllowed
from config import dialects
from config.path_keys import without_key
from config.problems import API, CONTENT_TYPE, body_of
from generation.api.a1111.credentials import HEADER, Credentials
from generation.api.a1111.encoded import MOST_TEXT_BYTES
from generation.catalog.styles import MAX_CSV_BYTES
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.training.datasets.archives import MAX_UNPACKED_BYTES

SMALL = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
"""What every address takes from everybody: forms and JSON."""
AROUND = 2**20
"""A form's other fields, and what stands between its files."""
UPLOADS = {
    "lora-upload": settings.LORA_UPLOAD_MB * 2**20,
    "api-loras": settings.LORA_UPLOAD_MB * 2**20,
    "dataset-pictures": MAX_UNPACKED_BYTES,
    "api-dataset-pictures": MAX_UNPACKED_BYTES,
    "api-sources": MAX_FILE_BYTES,
    "create": 2 * MAX_FILE_BYTES,
    "create-colours": MAX_FILE_BYTES,
    "create-read": MAX_FILE_BYTES,
    "sources": MAX_FILE_BYTES,
    "source-masks": MAX_FILE_BYTES,
    "api-recipe-read": MAX_FILE_BYTES,
    "styles-import": MAX_CSV_BYTES,
    "verify": MAX_FILE_BYTES,
    "api-verify": MAX_FILE_BYTES,
    "openai-variations": MAX_FILE_BYTES,
    "openai-edits": 2 * MAX_FILE_BYTES,
}
"""Address by its name -> the bytes of files that it takes, from people who are signed in or bring a token."""
ENCODED = {
    **dict.fromkeys(("a1111-png-info", "a1111-txt2img", "a1111-extra-single-image"), MOST_TEXT_BYTES),
    "a1111-img2img": 2 * MOST_TEXT_BYTES,
}
"""Addresses that take pictures as base64 within JSON -> the bytes of that text, from people who bring a token."""
FOR_ANYBODY = ("verify", "api-verify")
"""Of these the addresses that take them from guests too; how often is limited."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The head of a request. `target` is path and query as they were sent; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Without the key that may be in it."""
        return without_key(self._whole_path)[0]

    @property
    def authorization(self) -> str:
        _, key = without_key(self._whole_path)
        return f"Bearer {key}" if key else self.headers.get("authorization", "")

    @property
    def _whole_path(self) -> str:
        return unquote(self.target.partition("?")[0])


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer that needs no view."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `most` bytes are read; `sentence` is for whoever sends more."""

    most: int
    sentence: str


def bound_of(asked: Asked) -> Bound:
    """The bound of a request that sends more than SMALL."""
    name = name_of(asked.path)
    kind = asked.headers.get("content-type", "").lower()
    # Django reads any other kind of body into memory as a whole.
    uploads = {"multipart/form-data": UPLOADS, "application/json": ENCODED}.get(kind.partition(";")[0].strip(), {})
    files = uploads.get(name, 0)
    if not files or asked.method != "POST":
        return Bound(SMALL, f"At most {told(SMALL)} are read at this address.")
    if name not in FOR_ANYBODY and not is_known(asked):
        return Bound(SMALL, f"Sign in first: without that, at most {told(SMALL)} are read at this address.")
    return Bound(files + AROUND, f"What is sent here may have at most {told(files)}.")


def name_of(path: str) -> str:
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""


def is_known(asked: Asked) -> bool:
    """Whether the request brings a token or the cookie of a session that stand for somebody now."""
    request = HttpRequest()
    request.META[HEADER] = asked.authorization
    cookie = parse_cookie(asked.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    try:
        return Credentials().authenticate(request) is not None or get_user(request).is_authenticated
    except AuthenticationFailed:
        return False
    except NotAllowed:  # from which address it may be used is asked again where the address is known
        return True
    finally:
        # Of a thread that no request ends, which would close them.
        connections.close_all()


def told(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 2**20 else f"{size >> 10} KiB"


def not_read(asked: Asked, status: HTTPStatus, code: str, sentence: str) -> Answer:
    """The answer to a request whose body is not read: a problem for programs, a page for browsers."""
    if (shape := dialects.shape_of(asked.path)) is not None:
        return Answer(status, "application/json", json.dumps(shape(code, sentence)).encode())
    if asked.path.startswith(API) or asked.headers.get("x-requested-with") == "fetch":
        return Answer(status, CONTENT_TYPE, json.dumps(body_of(status, code, sentence)).encode())
    page = render_to_string("not_read.html", {"site_name": settings.SITE_NAME, "told": sentence})
    return Answer(status, "text/html; charset=utf-8", page.encode())
