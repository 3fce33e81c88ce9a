"""Choices and wildcards."""

from __future__ import annotations

from collections import Counter

import pytest

from generation.prompting import expand
from generation.prompting.expansion import MAX_CHARACTERS, draw
from generation.prompting.traced import Traced
from tests.generation.prompting.texts import hostile

LISTS = {
    "color": ["red", "blue", "{dark|light} green"],
    "hat": ["__color__ hat"],
    "my-list_2": ["ok"],
    "empty": [],
    "self": ["__self__ __self__"],
    "void": [""],
    "trap": ["__trap2____trap2__"],
    "trap2": ["__trap____trap__{|}"],
}


def results(text: str, seeds: int = 60) -> set[str]:
    return {expand(text, seed, LISTS) for seed in range(seeds)}


def test_a_choice_is_one_of_its_options() -> None:
    assert results("a {b|c|d} e") == {"a b e", "a c e", "a d e"}


def test_options_may_be_empty_and_nested() -> None:
    assert results("{|a|{b|c}}") == {"", "a", "b", "c"}


def test_a_wildcard_is_an_entry_and_entries_lead_on() -> None:
    colors = {"red", "blue", "dark green", "light green"}
    assert results("x __color__ y") == {f"x {color} y" for color in colors}
    assert results("__hat__") == {f"{color} hat" for color in colors}


def test_draws_in_one_text_are_apart() -> None:
    assert len(results("{a|b} {a|b} {a|b}", 200)) == 8


def test_each_option_is_as_likely() -> None:
    drawn = Counter(expand("{a|b|c|d}", seed, {}) for seed in range(4_000))
    assert all(900 < count < 1_100 for count in drawn.values())


def test_the_same_seed_draws_the_same_everywhere() -> None:
    """Written down: a picture made again years later must say the same."""
    assert [expand("{a|b|c} __color__", seed, LISTS) for seed in range(4)] == [
        "b blue",
        "b blue",
        "b red",
        "b dark green",
    ]


LITERAL = [
    "{a}",
    "{a",
    "a}",
    "{a|b",
    "a|b",
    r"\{a|b\}",
    r"{a\|b}",
    "{a [ | b}",
    "__unknown__",
    "__empty__",
    "____",
    "_color_",
    "__ color __",
    "[a|b]",
    "",
]


@pytest.mark.parametrize("text", LITERAL)
def test_what_cannot_be_drawn_stays(text: str) -> None:
    assert results(text, 5) == {text}


def test_bars_in_square_brackets_belong_to_the_alternation() -> None:
    assert results("{[a|b]|c}") == {"[a|b]", "c"}
    assert results("[{a|b}|c]") == {"[a|c]", "[b|c]"}


def test_names_may_hold_signs_and_touch_words() -> None:
    assert results("x__my-list_2__y") == {"xoky"}


def test_a_list_that_leads_to_itself_ends() -> None:
    expansion = draw(Traced.typed("a __self__"), 1, LISTS)
    assert len(expansion.text.text) <= MAX_CHARACTERS
    assert {(fault.start, fault.end, fault.code) for fault in expansion.faults} == {(2, 10, "expansion-limit")}


def test_a_list_that_grows_by_nothing_ends() -> None:
    assert "expansion-limit" in {fault.code for fault in draw(Traced.typed("__trap__" * 200), 1, LISTS).faults}


def test_what_was_drawn_is_told_at_its_place() -> None:
    text = "a {b|c} __color__ __unknown__"
    expansion = draw(Traced.typed(text), 3, LISTS)
    assert [(text[each.start : each.end], each.name, each.options) for each in expansion.draws] == [
        ("{b|c}", "", 2),
        ("__color__", "color", 3),
    ]
    assert expansion.text.text.split()[1] == "bc"[expansion.draws[0].picked]
    assert [(text[each.start : each.end], each.code) for each in expansion.faults] == [
        ("__unknown__", "wildcard-unknown")
    ]


def test_drawn_letters_come_from_the_place_of_their_wildcard() -> None:
    expansion = draw(Traced.typed("ab __my-list_2__ {x|x}"), 0, LISTS)
    said = expansion.text
    assert said.text == "ab ok x"
    assert said.origin(3, 5) == (3, 16)
    assert said.origin(6, 7) in {(18, 19), (20, 21)}


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_have_a_result(text: str) -> None:
    assert len(expand(text, 1, {"a": LISTS["self"], **LISTS})) <= MAX_CHARACTERS + len(text)
