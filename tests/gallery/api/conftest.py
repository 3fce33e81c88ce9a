"""The API is tested on the same catalog and pictures as the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture.named_statuses import only_named_statuses
from tests.generation.conftest import catalog, draw, queue

__all__ = ["catalog", "draw", "queue"]


@pytest.fixture(scope="package", autouse=True)
def named_statuses() -> Iterator[None]:
    with only_named_statuses():
        yield
