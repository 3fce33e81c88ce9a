"""Schedules as they were written before A1111 1.6."""

from __future__ import annotations

import pytest

from generation.prompting import modernize, schedule

VECTORS = [
    ("[a:b:1.0] c", "[a:b:1] c"),
    ("[a:b:10.5]", "[a:b:10]"),
    ("[a:[b:c:2.0]:0.25]", "[a:[b:c:2]:0.25]"),
    ("[a:b:10] [c:0.5] [d::0]", "[a:b:10] [c:0.5] [d::0]"),
    ("[a:b:-1.0] [a:b:0.0]", "[a:b:-1.0] [a:b:0.0]"),
    ("(a:1.0) [b:1.0", "(a:1.0) [b:1.0"),
    ("[a:b:1.0] c|d", "[a:b:1.0] c|d"),
    ("a", "a"),
]


@pytest.mark.parametrize(("old", "new"), VECTORS)
def test_vectors(old: str, new: str) -> None:
    assert modernize(old) == new


def test_a_fraction_without_a_point_gets_one() -> None:
    assert schedule(modernize("[a:b:5e-1]"), 20) == [(10, "a"), (20, "b")]


def test_a_number_beyond_all_stays() -> None:
    assert modernize(f"[a:b:{'9' * 400}.]") == f"[a:b:{'9' * 400}.]"
