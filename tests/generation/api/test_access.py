"""Scopes: each address asks a token for one, by method, and its refusal names the one that lacks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.scopes import Scope

ASKED = [
    ("GET", "/api/v1/jobs", "read"),
    ("HEAD", "/api/v1/images", "read"),
    ("POST", "/api/v1/jobs", "generate"),
    ("POST", "/api/v1/prompts/inspect", "read"),
    ("DELETE", "/api/v1/images/none", "generate"),
    ("POST", "/api/v1/posts", "publish"),
    ("PUT", "/api/v1/posts/none/like", "publish"),
    ("POST", "/api/v1/links", "publish"),
    ("GET", "/api/v1/links", "read"),
    ("POST", "/api/v1/runs", "train"),
    ("GET", "/api/v1/runs", "read"),
    ("POST", "/api/v1/datasets/none/pictures", "train"),
    ("GET", "/api/v1/checkpoints", "read"),
]


def bearer(user: User, *scopes: str) -> APIClient:
    _, key = ApiToken.objects.create(user=user, name="narrow", scopes=list(scopes))
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def ask(client: Any, method: str, address: str) -> Any:
    return client.generic(method, address, b"{}", content_type="application/json")


@pytest.mark.parametrize(("method", "address", "scope"), ASKED)
def test_a_token_is_refused_by_the_name_of_the_scope(alice: User, method: str, address: str, scope: str) -> None:
    others = [other for other in Scope.values if other != scope]
    refused = ask(bearer(alice, *others), method, address)
    assert refused.status_code == 403
    if method != "HEAD":
        assert refused.json()["code"] == "missing-scope" and f"“{scope}”" in refused.json()["detail"]
    assert ask(bearer(alice, scope), method, address).status_code != 403


def test_who_is_signed_in_needs_no_scope(alices: Client) -> None:
    assert alices.get("/api/v1/jobs").status_code == 200


def test_guests_still_see_what_is_public(client: Client, db: None) -> None:
    assert client.get("/api/v1/posts").status_code == 200
    assert client.get("/api/v1/jobs").status_code == 401


def test_every_view_of_the_api_looks_at_scopes() -> None:
    from django.urls import get_resolver

    from generation.api.access import HasScope

    patterns = list(_patterns(get_resolver().url_patterns))
    views = [view for view in (getattr(each.callback, "cls", None) for each in patterns) if view is not None]
    ours = [view for view in views if view.__module__.split(".")[0] in ("accounts", "generation", "gallery")]
    assert len(ours) > 40
    assert [view.__name__ for view in ours if HasScope not in view.permission_classes] == []


def _patterns(patterns: Any) -> Any:
    for each in patterns:
        yield from _patterns(each.url_patterns) if hasattr(each, "url_patterns") else [each]
