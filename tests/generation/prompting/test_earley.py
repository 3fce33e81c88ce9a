"""The reader in one pass against a general parser with the grammar written down."""

from __future__ import annotations

import random

import pytest

from generation.prompting import schedule
from tests.generation.prompting import earley
from tests.generation.prompting.texts import CAT, EASY_NEGATIVE, WORST

PARTS = (
    "a", "b", " ", "[", "]", "[", "]", "(", ")", ":", "|", "0.5", "2", "\\", "\\(", ":0.5]", "[a:b:2]", "[c|d]", "-1",
    ".", "\n", "1e1", ":1.2)",
)  # fmt: skip


def test_both_read_random_texts_alike() -> None:
    chance = random.Random(5)
    changing = 0
    for _ in range(1_000):
        text = "".join(chance.choices(PARTS, k=chance.randint(1, 14)))
        expected = earley.schedule(text, 4)
        assert schedule(text, 4) == expected, text
        changing += len(expected) > 1
    assert changing > 200


@pytest.mark.parametrize("text", [EASY_NEGATIVE, CAT, WORST, "[a:[b|c]:3] (d:[1.2:1.4:2]) [e|{f}|]"])
def test_both_read_what_people_write_alike(text: str) -> None:
    assert schedule(text, 6) == earley.schedule(text, 6)
