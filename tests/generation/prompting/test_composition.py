"""AND: prompts made of several."""

from __future__ import annotations

import pytest

from generation.prompting import compose
from tests.generation.prompting.texts import CAT, hostile

VECTORS = [
    ("", [("", 1.0)]),
    ("a cat ", [("a cat ", 1.0)]),
    ("a AND b", [("a", 1.0), (" b", 1.0)]),
    ("a AND b:1.2", [("a", 1.0), (" b", 1.2)]),
    ("a:0.5 AND b : -1. AND c:+.25 ", [("a", 0.5), (" b", -1.0), (" c", 0.25)]),
    ("a\nAND\nb:2\n", [("a", 1.0), ("\nb", 2.0)]),
    ("a:1:2 AND b", [("a:1", 2.0), (" b", 1.0)]),
    ("a:x AND b:1e3", [("a:x", 1.0), (" b:1e3", 1.0)]),
    ("(a AND b:1.2)", [("(a", 1.0), (" b:1.2)", 1.0)]),
    ("a and b", [("a and b", 1.0)]),
    ("SAND ANDY", [("SAND ANDY", 1.0)]),
    ("AND", [("", 1.0), ("", 1.0)]),
    ("at 10:30", [("at 10:30", 1.0)]),
    ("at 10:30 AND noon", [("at 10", 30.0), (" noon", 1.0)]),
    (CAT, [(CAT, 1.0)]),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_vectors(text: str, expected: list[tuple[str, float]]) -> None:
    assert compose(text) == expected


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_are_split_at_every_and(text: str) -> None:
    assert len(compose(text)) == len([word for word in text.split() if word == "AND"]) + 1
