"""The shipped rules, which a test that empties the tables has taken from those after it."""

from __future__ import annotations

import pytest

from generation.catalog.safeguards.versions import install_shipped


@pytest.fixture(autouse=True)
def shipped_rules(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        install_shipped()
