"""Sizes: the rule that the help page states, for every size that OpenAI's clients send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.refusals import Refusal
from generation.api.openai.sizes import drawn_size
from generation.api.sizes import fitted
from generation.recipes.fields import check_size

PLAN = 1_048_576


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("auto", (512, 768)),
        ("", (512, 768)),
        ("256x256", (256, 256)),
        ("512x512", (512, 512)),
        ("1024x1024", (1024, 1024)),
        ("1020x1020", (1024, 1024)),
        ("515x517", (512, 520)),
        ("1536x1024", (1248, 832)),
        ("1024x1536", (832, 1248)),
        ("1792x1024", (1352, 768)),
        ("3840x2160", (1360, 768)),
        ("20x4000", (64, 1536)),
        ("1x1", (64, 64)),
    ],
)
def test_what_is_drawn(text: str, size: tuple[int, int]) -> None:
    assert drawn_size(text, (512, 768), PLAN) == size


@pytest.mark.parametrize(
    "text", ["big", "512", "512x", "0x512", "512x0", "-1x5", "512X512", "1e3x5", "5x5x5", "9999999x1"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        drawn_size(text, (512, 512), PLAN)
    assert (refused.value.code, refused.value.field) == ("invalid-size", "size")


@given(st.integers(1, 999_999), st.integers(1, 999_999), st.integers(64 * 64, 1_572_864))
def test_every_size_can_be_drawn(width: int, height: int, most: int) -> None:
    drawn = fitted((width, height), most)
    check_size(*drawn)
    assert drawn[0] * drawn[1] <= most
