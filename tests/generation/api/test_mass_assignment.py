"""No body sets a column that its address does not take: the names of all columns of all models change nothing.

Each request is made as it stands and with every other name beside it; the effects on the rows must be the same, but for
what differs already between two that are made as they stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import BooleanField, IntegerField, Model
from django.http import HttpResponseBase
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from config.openapi import BODIES, CODE
from generation.models import Checkpoint
from tests.architecture.access_table import TABLE
from tests.architecture.access_things import things_of

APPS = ("accounts", "gallery", "generation")
Rows = dict[tuple[str, str], dict[str, Any]]
"""Model and row -> column -> value."""
NAMED = {
    "albums_images_create": "own", "datasets_images_create": "own", "links_create": "image", "posts_create": "own",
    "runs_create": "dataset", "searches_create": "dataset", "appeals_create": "rejected",
    "selections_create": "source", "verify_create": "post",
}  # fmt: skip
"""An operation -> what of alice's its body names where the example has CODE."""
ALONE: dict[str, Any] = {
    "datasets_partial_update": {"title": "Ten apples"},
    "datasets_pictures_partial_update": {"caption": "a red apple"},
    "selections_create": {"source": CODE, "clicks": [{"x": 4, "y": 4}]},
    "styles_create": {"name": "Softer ink", "prompt": "ink drawing of {prompt}"},
}
"""Where the example asks for what alice's things do not have."""
REFUSED = {
    "notices_create", "releases_create", "webhooks_create", "webhooks_partial_update", "posts_report_create",
    "comments_report_create", "searches_create", "runs_create",
}  # fmt: skip
"""What this site does not do for alice as the example stands; the names must not make it."""


def models() -> Iterator[type[Model]]:
    for name in APPS:
        yield from apps.get_app_config(name).get_models()


def names() -> dict[str, Any]:
    """Each column of each model, with a value that would do harm."""
    columns = [column for model in models() for column in model._meta.concrete_fields]
    return {key: harm(column) for column in columns for key in (column.name, column.attname)}


def harm(column: Any) -> Any:
    if column.is_relation:
        return User.objects.get(username="charlie").pk
    if isinstance(column, BooleanField):
        return not column.get_default()
    return 7 if isinstance(column, IntegerField) else "approved"


def rows() -> Rows:
    return {
        (model.__name__, str(row[model._meta.pk.attname])): row
        for model in models()
        for row in model._base_manager.values()
    }


def changed(before: Rows, after: Rows) -> dict[str, Any]:
    """Model, row and column of each value that is another now, or gone, and what it is."""
    return {
        f"{'.'.join(key)}.{column}": after.get(key, {}).get(column)
        for key, row in before.items()
        if after.get(key) != row
        for column, value in row.items()
        if after.get(key, {}).get(column, ...) != value
    }


Ask = Callable[[dict[str, Any]], HttpResponseBase]


def effects(ask: Ask, body: dict[str, Any]) -> tuple[int, Rows]:
    """What a request answers and leaves, of which nothing stays."""
    with transaction.atomic():
        answer = ask(body)
        after = rows()
        transaction.set_rollback(True)
    return answer.status_code, after


def difference(ask: Ask, body: dict[str, Any], strange: dict[str, Any]) -> tuple[int, list[str]]:
    """The status as it stands, and what the strange names have done."""
    status, first = effects(ask, body)
    strange_status, third = effects(ask, {**strange, **body})
    found = [f"status {status} and {strange_status}"] if status != strange_status else []
    if len(first) != len(third):
        found.append("other rows")
    differs = changed(first, third)
    unsteady = changed(first, effects(ask, body)[1]) if differs else {}
    return status, found + [f"{key}: {value}" for key, value in differs.items() if key not in unsteady]


@pytest.fixture
def things(catalog: Checkpoint, alice: User, charlie: User) -> dict[str, str]:
    return things_of(alice)


def operations() -> Iterator[tuple[str, str, str, set[str]]]:
    """Of each that takes JSON: its name, its method, its row of the access table, and the names that it takes."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for route, row in TABLE.items():
        path = "/" + "/".join(
            f"{{{each.split(':')[1][:-1]}}}" if each[:1] == "<" else each for each in route.split("/")
        )
        for method, operation in schema["paths"].get(path, {}).items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            named = content["schema"]["$ref"].rpartition("/")[2]
            taken = set(schema["components"]["schemas"][named].get("properties", {}))
            yield operation["operationId"], method, "/" + (row.path or route), taken


def test_the_api_takes_no_other_names(things: dict[str, str], alices_api: Client) -> None:
    strange, wrong, seen, refused = names(), [], set(), set()
    for name, method, address, taken in operations():
        body = json.loads(
            json.dumps(ALONE.get(name, BODIES.get(name, {}))).replace(CODE, things.get(NAMED.get(name, ""), CODE))
        )
        path = address.format(**things)

        def ask(sent: dict[str, Any], method: str = method, path: str = path) -> HttpResponseBase:
            return alices_api.generic(method.upper(), path, json.dumps(sent), content_type="application/json")

        others = {key: value for key, value in strange.items() if key not in taken}
        status, found = difference(ask, body, others)
        wrong += [f"{name}: {each}" for each in found]
        seen.add(name)
        if status >= 400:
            refused.add(name)
    assert wrong == []
    assert len(seen) > 25 and refused <= REFUSED


GUARDED = {
    "owner_id", "author_id", "user_id", "username", "is_staff", "is_superuser", "is_active", "plan_id", "credits",
    "code", "sha256", "file", "score", "attempt", "token_key", "digest", "is_official", "is_featured",
}  # fmt: skip
"""Columns that no form of a person's own sets."""


def test_pages_take_no_other_names(things: dict[str, str], alice: User, alices: Client) -> None:
    """A form takes what it has, which is among the names; of the rest nothing comes."""
    strange, wrong, before = names(), [], rows()
    for route, row in TABLE.items():
        if "POST" not in row.methods or route.startswith(("api/", "sdapi/", "v1/", "mcp", "accounts/")):
            continue
        path = "/" + (row.path or route).format(**things)
        session: Any = alices.cookies.copy()
        _, after = effects(lambda sent, path=path: alices.post(path, sent), strange)  # type: ignore[misc]
        alices.cookies = session
        wrong += [
            f"{path}: {key}: {value}"
            for key, value in changed(before, after).items()
            if key.rpartition(".")[2] in GUARDED and value is not None
        ]
        made = {".".join(key): row for key, row in after.items() if key not in before}
        wrong += [
            f"{path}: {key}.{column}: {row[column]}"
            for key, row in made.items()
            for column in ("owner_id", "author_id", "user_id")
            if row.get(column) not in (alice.pk, None)
        ]
    assert wrong == []
