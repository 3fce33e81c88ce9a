"""Comments in a prompt."""

from __future__ import annotations

import pytest

from generation.prompting import strip_comments

VECTORS = [
    ("a cat", "a cat"),
    ("a # hush", "a "),
    ("a # hush\nb", "a \nb"),
    ("# hush\na", "a"),
    ("a\n  # hush\nb", "a\nb"),
    ("a\n# hush", "a\n"),
    ("#", ""),
    ("a#b # c # d\n#e\n#f\ng", "a\ng"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_vectors(text: str, expected: str) -> None:
    assert strip_comments(text) == expected
