"""A site whose web server answers, on the test's own database, for what operators' pages have them type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.site import Site, started


@pytest.fixture(scope="package")
def running_web(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with started(django_db_blocker.unblock(), tmp_path_factory.mktemp("site"), with_worker=False) as site:
        yield site
