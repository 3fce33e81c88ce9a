"""Programs of this dialect: each has a token of its person's, and whatever it waits for is drawn meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.generation.conftest import catalog, draw_next, queue

__all__ = ["catalog", "queue"]

NewProgram = Callable[..., APIClient]


@pytest.fixture
def new_program() -> NewProgram:
    """A client with a new token of somebody; `token` is its row, `key` what it carries."""

    def make(user: User, **fields: Any) -> APIClient:
        token, key = ApiToken.objects.create(user=user, **{"name": "program", **fields})
        client: Any = APIClient(headers={"Authorization": f"Bearer {key}"})
        client.token, client.key = token, key
        return client  # type: ignore[no-any-return]

    return make


@pytest.fixture
def program(alice: User, new_program: NewProgram) -> Any:
    """A program of alice's."""
    return new_program(alice)


def draw_all() -> None:
    while draw_next("w") is not None:
        pass


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Collection[int]]:
    """Whoever waits for jobs finds them drawn; what was waited for."""
    waits: list[Collection[int]] = []

    def until_ended(jobs: Collection[int], seconds: float = 0) -> bool:
        waits.append(jobs)
        draw_all()
        return True

    monkeypatch.setattr("generation.api.waiting.until_ended", until_ended)
    return waits


def ask(client: APIClient, name: str, body: object = None, **headers: str) -> Any:
    """POST to an address of the dialect."""
    return client.post(f"/sdapi/v1/{name}", body, format="json", headers=headers)


def get(client: APIClient, name: str, **query: str) -> Any:
    """What GET answers, as JSON."""
    answer = client.get(f"/sdapi/v1/{name}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()
