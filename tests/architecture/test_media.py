"""Every address that gives a file is known here, and how long a cache may keep it, refusals among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from accounts.models import User
from tests.architecture.access_rows import Row
from tests.architecture.access_table import TABLE, UNSHARED, WAITING
from tests.architecture.access_things import things_of
from tests.architecture.test_access import OURS, PEOPLE, ask, clients, outcome

__all__ = ["clients"]

PRIVATE = {"private", "no-store"}
PUBLIC = {"public", "max-age=60", "s-maxage=0", "proxy-revalidate"}
WORDS = ("text/", *(f"application/{kind}" for kind in ("json", "xml", "rss+xml", "atom+xml", "vnd.oai")))
OWN = {
    "album-zip", "api-grid-film", "api-image-file", "api-image-small", "api-lora-file", "api-snapshot-file",
    "api-source-file", "api-source-small", "dataset-file", "dataset-thumbnail", "image-download", "image-file",
    "image-thumbnail", "lab-animation", "lab-film", "lora-file", "run-download", "run-sample", "source-control",
    "source-file", "source-thumbnail",
}  # fmt: skip
"""Only ever their owner's. A preview and a copy of one's data are, too: here is none."""
BY_LINK = {"shared-picture", "shared-thumbnail"}
PUBLISHED = {"post-picture", "post-thumbnail", "post-thumbnail-sized", "release-sample"}
ANYBODYS = {"verify-authority"}


def test_every_file_is_known_and_nobodys_cache_keeps_what_is_private(clients: dict[str, Client], alice: User) -> None:
    things, given = things_of(alice), set[str]()
    wrong = []
    for route in OURS:
        row = TABLE[route]
        answer = ask(clients["owner"], "GET", path_of(row, route, things)) if "GET" in row.methods else None
        if answer is None or answer.status_code != 200 or answer.headers["Content-Type"].startswith(WORDS):
            continue
        name = name_of(answer)
        given.add(name)
        expected = PUBLIC if name in PUBLISHED else set() if name in ANYBODYS else PRIVATE
        if cache_of(answer) != expected:
            wrong.append(f"{route} says {answer.headers.get('Cache-Control')}")
        wrong += refusals(row, path_of(row, route, things), clients)
    assert not wrong, "\n".join(wrong)
    assert sorted(given ^ (OWN | BY_LINK | PUBLISHED | ANYBODYS)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("row", [*UNSHARED, *WAITING], ids=lambda row: row.path)
def test_no_cache_remembers_that_it_was_not_there(row: Row, clients: dict[str, Client], alice: User) -> None:
    wrong = list(refusals(row, path_of(row, "", things_of(alice)), clients))
    assert not wrong, "\n".join(wrong)


def refusals(row: Row, path: str, clients: dict[str, Client]) -> Iterator[str]:
    for who in PEOPLE:
        answer = ask(clients[who], "GET", path)
        if outcome(answer) in ("403", "404") and not cache_of(answer) >= PRIVATE:
            yield f"{path} as {who}: the {answer.status_code} says {answer.headers.get('Cache-Control')}"


def path_of(row: Row, route: str, things: dict[str, str]) -> str:
    return "/" + (row.path or route).format(**things)


def name_of(answer: Any) -> str:
    return str(answer.resolver_match.url_name)


def cache_of(answer: HttpResponseBase) -> set[str]:
    return set(filter(None, answer.headers.get("Cache-Control", "").split(", ")))
