"""Every address of the dialect × nobody, a token without the scope, a removed one, and tokens of three people."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.architecture.access_dialects import A1111
from tests.generation.api.a1111.conftest import NewProgram

ASKED = [(path, method) for path, row in A1111.items() for method in row.methods if path != "internal/ping"]


def status(client: APIClient, method: str, path: str) -> int:
    return int(client.generic(method, f"/{path}", "{}", content_type="application/json").status_code)


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(("path", "method"), ASKED)
def test_who_may_ask(path: str, method: str, alice: User, bob: User, charlie: User, new_program: NewProgram) -> None:
    assert status(APIClient(), method, path) == 401
    removed: Any = new_program(alice)
    removed.token.delete()
    assert status(removed, method, path) == 401
    narrow: Any = new_program(alice)
    ApiToken.objects.filter(pk=narrow.token.pk).update(scopes=[])
    assert status(narrow, method, path) == 403
    for person in (alice, bob, charlie):
        assert status(new_program(person), method, path) not in (401, 403, 405), person
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE"} - A1111[path].methods.keys():
        assert status(new_program(alice), other, path) == 405, other


@pytest.mark.usefixtures("catalog")
def test_somebody_who_is_closed_out(alice: User, new_program: NewProgram) -> None:
    program = new_program(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert status(program, "GET", "sdapi/v1/options") == 401
