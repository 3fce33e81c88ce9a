"""Cursors that nobody was given: the API refuses them with a code on every list, and pages begin at the first."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.generics import ListAPIView
from rest_framework.test import APIClient


def names_of_lists(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of_lists(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
            if isinstance(view, type) and issubclass(view, ListAPIView) and not pattern.pattern.converters:
                yield pattern.name


LISTS = sorted(set(names_of_lists(get_resolver("config.urls").url_patterns)))


def cursor_of(query: str) -> str:
    return b64encode(query.encode()).decode()


MADE_UP = {
    "no base64": "%%%",
    "nowhere": cursor_of("r=1"),
    "not ASCII": "ü",
    "no text": b64encode(b"\xff\xfe").decode(),
    "a word": cursor_of("p=tomorrow"),
    "nothing": cursor_of("p="),
    "too large": cursor_of(f"p={'9' * 40}"),
    "too long": cursor_of(f"p={'9' * 5000}"),
    "a NUL": cursor_of("p=%00"),
    "before all time": cursor_of("p=0001-01-01 00:00:00%2B23:59"),
    "after all time": cursor_of("p=9999-12-31 23:59:59-23:59"),
    "another zone": cursor_of("p=2026-01-01 00:00:00%2B23:59"),
    "no zone": cursor_of("p=2026-01-01 00:00:00"),
    "no month": cursor_of("p=2026-13-01 00:00:00"),
}


def test_every_list_is_tried() -> None:
    assert len(LISTS) >= 9 and {"api-jobs", "api-images", "api-posts", "api-checkpoints"} <= set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_the_api_refuses_them(alices_api: APIClient, name: str) -> None:
    for kind, cursor in MADE_UP.items():
        answer = alices_api.get(reverse(name), {"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), kind
        assert answer["Content-Type"] == "application/problem+json"


def test_ones_own_posts_too(alices_api: APIClient) -> None:
    for kind, cursor in MADE_UP.items():
        answer = alices_api.get(reverse("api-posts"), {"mine": "1", "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), kind


@pytest.mark.parametrize("name", ["gallery", "images", "studio"])
@pytest.mark.parametrize("direction", ["before", "after"])
def test_pages_begin_at_the_first(alices: Client, name: str, direction: str) -> None:
    signer = Signer(salt="generation.paging")
    of_another_list = [signer.sign_object(values) for values in (["x"], ["1", "2", "3"], {"a": 1}, "9" * 40)]
    for cursor in (*MADE_UP.values(), *of_another_list):
        assert alices.get(reverse(name), {direction: cursor}).status_code == 200, cursor
