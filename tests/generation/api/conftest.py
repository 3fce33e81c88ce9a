"""A running site for tests that reach the API as its clients do: over a socket, with a worker that draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Plan
from generation.catalog.importing import import_folder
from tests.architecture.named_statuses import only_named_statuses
from tests.journeys.site import Site, started


@pytest.fixture(scope="package", autouse=True)
def named_statuses() -> Iterator[None]:
    with only_named_statuses():
        yield


@pytest.fixture(scope="module")
def running_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with started(django_db_blocker.unblock(), tmp_path_factory.mktemp("site")) as site:
        yield site
        told = (site.folder / "web.log").read_text(errors="replace")
    # What comes after belongs to the end of the server.
    assert "Traceback" not in told, told[-20_000:]


@pytest.fixture
def site(transactional_db: None, running_site: Site, settings: Any) -> Site:
    """The running site with the bundled catalog; the database is this test's own."""
    settings.MEDIA_ROOT = running_site.folder / "media"
    settings.WEIGHTS_DIRS = [running_site.folder / "weights", *settings.WEIGHTS_DIRS[1:]]
    list(import_folder(settings.WEIGHTS_DIRS[-1]))
    Plan.default()
    return running_site
