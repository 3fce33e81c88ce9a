"""The clients: over a real socket with a worker that draws, or in this process with pixels that are made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import pytest

from accounts.models import ApiToken, User
from generation.models import ModelAlias
from tests.generation.conftest import catalog, draw, draw_next, queue
from tests.journeys.site import Site

__all__ = ["catalog", "draw", "queue"]

NAMES = ("dall-e-2", "dall-e-3", "gpt-image-1")
STREAMED = "ignore:StreamingHttpResponse must consume asynchronous iterators:Warning"
"""The test client reads at once what is sent in pieces."""


@pytest.fixture
def aliases(db: None) -> None:
    """Those that a new site has: a test that empties the tables has taken them from those after it."""
    for name in NAMES:
        ModelAlias.objects.get_or_create(name=name)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, catalog: object, aliases: None) -> None:
    """Pictures are done as soon as somebody waits for them."""

    def finish(jobs: Collection[int], seconds: float) -> bool:
        while draw_next() is not None:
            pass
        return True

    monkeypatch.setattr("generation.api.openai.views.until_ended", finish)


@pytest.fixture
def token_of() -> Callable[..., str]:
    """A new token of somebody, as a program sends it."""

    def make(user: User, **fields: Any) -> str:
        _, key = ApiToken.objects.create(user=user, name="client", **fields)
        return str(key)

    return make


def body_of(answer: Any) -> Any:
    """The JSON of an answer that may come in pieces."""
    return json.loads(b"".join(answer))


@pytest.fixture
def site(site: Site) -> Site:
    """With the names that a new site has for its default checkpoint."""
    for name in NAMES:
        ModelAlias.objects.get_or_create(name=name)
    return site
