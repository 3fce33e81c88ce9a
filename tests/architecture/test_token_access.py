"""The access table by token: it opens what its person may, and nothing without its scope or once removed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import resolve
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from config.asgi import agents
from tests.architecture.access_dialects import A1111, MCP, OPENAI
from tests.architecture.access_rows import MEMBERS, TOKEN_ALONE, Row
from tests.architecture.access_table import TABLE
from tests.architecture.access_things import things_of
from tests.architecture.test_access import ask, differences

ITSELF = "api/v1/tokens/<slug:prefix>"
"""A token removes itself alone, and needs no scope for that."""
ROUTES = [route for route in TABLE if route.startswith("api/v1/") and route != ITSELF]


def bearer(user: User, **fields: object) -> Client:
    _, key = ApiToken.objects.create(user=user, name="program", **fields)
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def place(route: str, alice: User) -> tuple[str, Row]:
    row = TABLE[route]
    return "/" + (row.path or route).format(**things_of(alice)), row


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES)
def test_a_token_opens_what_its_person_may(route: str, alice: User, bob: User, charlie: User) -> None:
    path, row = place(route, alice)
    people = {"owner": bearer(alice), "stranger": bearer(charlie), "moderator": bearer(bob)}
    as_token = {method: MEMBERS if who == TOKEN_ALONE else who for method, who in row.methods.items()}
    wrong = list(differences(path, Row(row.path, as_token), people))
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES)
def test_without_its_scope_or_once_removed_it_opens_nothing(route: str, alice: User) -> None:
    path, row = place(route, alice)
    narrow, removed = bearer(alice, scopes=[]), bearer(alice)
    ApiToken.objects.filter(name="program").exclude(scopes=[]).delete()
    for method in row.methods:
        refused = ask(narrow, method, path)
        assert (refused.status_code, refused.json()["code"]) == (403, "missing-scope"), method  # type: ignore[attr-defined]
        assert ask(removed, method, path).status_code == 401, method


def test_every_door_and_tool_of_a_dialect_says_its_scope() -> None:
    doors = [resolve(f"/{row.path or route}").func for route, row in {**A1111, **OPENAI, **MCP}.items()]
    views = [door.view_class for door in doors if hasattr(door, "view_class")]
    assert len(views) > 25
    silent = [view.__name__ for view in [*views, *agents.tools.values()] if not {"scope", "scopes"} & vars(view).keys()]
    assert silent == []
