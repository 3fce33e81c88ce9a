"""Schedules: what a prompt says at every step."""

from __future__ import annotations

import pytest

from generation.prompting import schedule, segment_at
from tests.generation.prompting.texts import CAT, EASY_NEGATIVE, hostile

TWENTY = [
    ("[ : EasyNegative:0.5]", [(10, " "), (20, " EasyNegative")]),
    ("[:EasyNegative:0.5]", [(10, ""), (20, "EasyNegative")]),
    ("[EasyNegative:0.5]", [(10, ""), (20, "EasyNegative")]),
    ("[a::0.5] b", [(10, "a b"), (20, " b")]),
    ("[cat:dog:10]", [(10, "cat"), (20, "dog")]),
    ("[cat:dog:1]", [(1, "cat"), (20, "dog")]),
    ("[cat:dog:1.0]", [(20, "cat")]),
    ("[cat:dog:0]", [(20, "dog")]),
    ("[cat:dog:-1]", [(20, "dog")]),
    ("[cat:dog:25]", [(20, "cat")]),
    ("[a:b:.999]", [(19, "a"), (20, "b")]),
    ("[cat:dog: 0.5 ]", [(10, "cat"), (20, "dog")]),
    ("[:0.5]", [(10, ""), (20, "")]),
    ("[cat:dog:1e1]", [(10, "cat"), (20, "dog")]),
    ("[cat:dog:+5]", [(5, "cat"), (20, "dog")]),
    ("[cat:dog:5.]", [(20, "cat")]),
    ("(a [b:c:0.5]:1.3)", [(10, "(a b:1.3)"), (20, "(a c:1.3)")]),
    ("[(a:1.2):[b]:5]", [(5, "(a:1.2)"), (20, "[b]")]),
    ("[a:[b:c:10]:5]", [(5, "a"), (10, "b"), (20, "c")]),
    ("[[a:b:5]:c:10]", [(5, "a"), (10, "b"), (20, "c")]),
    (EASY_NEGATIVE, [(10, " " + EASY_NEGATIVE[21:]), (20, " EasyNegative" + EASY_NEGATIVE[21:])]),
    ("[cat:dog:" + "9" * 400 + "]", [(20, "cat")]),
]

LITERAL = [
    "",
    "a cat",
    "[a:b:c:0.5]",
    "[a:b:0.5",
    r"\[a:b:0.5\]",
    "[a|b:0.5]",
    "[cat:dog:half]",
    "[cat:dog]",
    "[word]",
    "(word:1.4)",
    "[a\\:b:c]",
    "[(a:b:1.2):c:0.5]",
    "[(a:b:0.5]",
    "[a]:b:0.5]",
    "[cat:dog:٣]",
    CAT,
]

# What has no reading at all makes the whole prompt literal, switches that were sound with it.
SPOILED = ["[a:b:5] c|d", "(c|d) [a:b:5]", "[a:b:5] [c|d:5]", "[a:b:5] \\", "[a:b:5] \\\n", "{c|d} [a:b:5]"]


@pytest.mark.parametrize(("text", "expected"), TWENTY)
def test_a_switch_says_its_sides_in_turn(text: str, expected: list[tuple[int, str]]) -> None:
    assert schedule(text, 20) == expected


@pytest.mark.parametrize("text", [*LITERAL, *SPOILED])
def test_what_is_no_schedule_is_literal(text: str) -> None:
    assert schedule(text, 20) == [(20, text)]


@pytest.mark.parametrize("stray", ["]", ")", "(", "[", ":", "))", "a))"])
def test_a_stray_bracket_leaves_a_switch_alone(stray: str) -> None:
    text = f"{stray} [a:b:5]{stray}"
    assert schedule(text, 20) == [(5, f"{stray} a{stray}"), (20, f"{stray} b{stray}")]


def test_an_alternation_changes_every_step() -> None:
    assert [said for _, said in schedule("[a|b|c] x", 4)] == ["a x", "b x", "c x", "a x"]


def test_an_option_may_be_empty_or_hold_attention() -> None:
    assert [said for _, said in schedule("[fe|]male", 3)] == ["female", "male", "female"]
    assert [said for _, said in schedule("[a||(b:1.1)]", 3)] == ["a", "", "(b:1.1)"]
    assert [said for _, said in schedule("[|]", 2)] == ["", ""]


def test_switch_attention_and_alternation_together() -> None:
    assert schedule("[a:b:0.5] (c:1.2) [d|e]", 4) == [
        (1, "a (c:1.2) d"),
        (2, "a (c:1.2) e"),
        (3, "b (c:1.2) d"),
        (4, "b (c:1.2) e"),
    ]


def test_an_alternation_within_a_switch_keeps_counting_from_the_first_step() -> None:
    assert [said for _, said in schedule("[x:[a|b]:3]", 6)] == ["x", "x", "x", "b", "a", "b"]


def test_steps_must_be_some() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        schedule("a", 0)


def test_calls_count_from_zero_so_the_first_side_has_one_more() -> None:
    segments = schedule("[cat:dog:10]", 20)
    said = [segments[segment_at(segments, call)][1] for call in range(20)]
    assert said == ["cat"] * 11 + ["dog"] * 9


def test_an_alternation_says_its_first_option_at_the_first_two_calls() -> None:
    segments = schedule("[a|b]", 4)
    assert [segments[segment_at(segments, call)][1] for call in range(4)] == ["a", "a", "b", "a"]


def test_a_call_past_the_end_uses_the_last_segment() -> None:
    assert segment_at(schedule("[cat:dog:10]", 20), 25) == 1


def test_deep_nesting_has_an_answer() -> None:
    depth = 20_000
    assert schedule("(" * depth + ")" * depth, 20)[0][0] == 20
    assert schedule("[" * depth + "a" + ":.5]" * depth, 20) == [(10, ""), (20, "a")]
    assert [said for _, said in schedule("[x|" * depth + "y" + "]" * depth, 2)] == ["x", "y"]


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_have_an_answer(text: str) -> None:
    segments = schedule(text, 20)
    assert segments[-1][0] == 20
