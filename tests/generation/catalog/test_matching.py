"""Names out of a picture that can be in no row are not looked for: a database refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from generation.catalog.matching import lookups_for


@pytest.mark.parametrize("name, hash", [("a\0b", ""), ("", "0" * 8 + "\0"), ("\ud800", "")])
def test_names_that_no_row_can_have(alice: User, django_assert_num_queries: Any, name: str, hash: str) -> None:
    lookups = lookups_for(alice)
    with django_assert_num_queries(0):
        found = [find(name, hash) for find in (lookups.checkpoint, lookups.lora, lookups.vae, lookups.embedding)]
    assert found == [()] * 4
