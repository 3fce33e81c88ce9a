"""The clients: over a real socket with a worker that draws, or in this process with pixels that are made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import pytest

from accounts.models import ApiToken, User
from generation.catalog.importing import import_folder
from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from generation.models import ModelAlias
from tests.generation.conftest import catalog, draw, queue
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
        while (job := claim_next("test-worker")) is not None:
            recipe = job.recipe
            pixels = np.random.default_rng(job.pk).integers(0, 255, (recipe.height, recipe.width, 3), np.uint8)
            assert finish_job(job, pixels, 0.1) is not None
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


@pytest.fixture(scope="package")
def running_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with django_db_blocker.unblock():
        site = Site(tmp_path_factory.mktemp("openai"))
    try:
        site.until_ready()
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(transactional_db: None, running_site: Site, settings: Any) -> Site:
    """A running site with a worker and the bundled catalog; the database is this test's own."""
    settings.MEDIA_ROOT = running_site.folder / "media"
    settings.WEIGHTS_DIRS = [running_site.folder / "weights", *settings.WEIGHTS_DIRS[1:]]
    list(import_folder(settings.WEIGHTS_DIRS[-1]))
    for name in NAMES:
        ModelAlias.objects.get_or_create(name=name)
    return running_site
