"""The shipped rules against the table of prompts: not one harmless prompt is refused, noted or shown to anybody."""

from __future__ import annotations

from collections import Counter

import pytest

from generation.catalog.safeguards.screening import Screened, breaches_of
from tests.generation.catalog.safeguards.prompts import rows

TABLE = rows()


@pytest.mark.django_db
def test_each_prompt_has_the_effect_that_the_table_names() -> None:
    """One test for all of them, since reading the rules is the most of its time."""
    told = {}
    for expected, prompt, negative in TABLE:
        found = breaches_of(Screened(prompt, negative))
        effect = found[0].rule.effect.value if found else ""
        if effect != expected:
            told[(prompt, negative)] = (expected, effect, [breach.words for breach in found])
    assert told == {}


def test_the_table_is_long_enough_and_has_no_row_twice() -> None:
    assert len(set(TABLE)) == len(TABLE) > 200
    assert Counter(expected for expected, _, _ in TABLE)[""] > 100
