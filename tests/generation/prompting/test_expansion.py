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
    "tree/warm": ["red", "yellow"],
    "tree/cold": ["green"],
    "coat": ["In ${season:spring} a ${season} coat"],
    "weighed": ["0::never", "often"],
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


def test_several_options_are_joined_and_none_comes_twice() -> None:
    assert results("{2$$a|b|c}") == {"a, b", "a, c", "b, a", "b, c", "c, a", "c, b"}
    assert results("{2$$ and $$a|b}") == {"a and b", "b and a"}
    assert results("{1-2$$a|b}") == {"a", "b", "a, b", "b, a"}
    assert results("{-1$$a|b}") == {"a", "b"}
    assert results("{2-$$ $$a|b}") == results("{7$$ $$a|b}") == {"a b", "b a"}
    assert results("{0-1$$a}") == {"", "a"}
    assert results("{2-1$$a|b}") == results("{1-2$$a|b}")


def test_several_options_may_hold_others() -> None:
    assert results("{2$$$$a {x|y}|__tree/cold__}") == {"a xgreen", "a ygreen", "greena x", "greena y"}


def test_several_lines_of_one_list_are_different_ones() -> None:
    assert results("{2$$__tree/warm__}") == {"red, yellow", "yellow, red"}
    assert results("{2$$ $$__tree/cold__|x}") == {"green x", "x green"}


def test_weights_decide_how_likely_an_option_is() -> None:
    drawn = Counter(expand("{3::a|b}", seed, {}) for seed in range(4_000))
    assert 2_850 < drawn["a"] < 3_150
    assert results("{0::a|.5::b}") == {"b"}
    assert results("__weighed__") == {"often"}
    assert results("{2$$0::a|b|c}") == {"b, c", "c, b"}


def test_equal_weights_draw_as_none_do() -> None:
    assert [expand("{2::a|2::b|2::c}", seed, {}) for seed in range(9)] == [
        expand("{a|b|c}", seed, {}) for seed in range(9)
    ]


def test_stars_stand_for_all_lists_of_such_names() -> None:
    assert results("__tree/*__") == {"red", "yellow", "green"}
    assert results("__*arm__") == {"red", "yellow"}


def test_a_variable_is_drawn_anew_or_once() -> None:
    assert results("${x={a|b}}${x}${x}") == {"aa", "ab", "ba", "bb"}
    assert results("${x=!{a|b}}${x}${x}") == {"aa", "bb"}
    assert results("${x=!__tree/warm__}${y=${x} ${x}}${y}") == {"red red", "yellow yellow"}
    assert results("${x:none}") == {"none"}


def test_a_list_takes_values_for_itself_alone() -> None:
    assert results("__coat(season=winter)__, ${season:none}") == {"In winter a winter coat, none"}
    assert results("${season=autumn}__coat__") == {"In autumn a autumn coat"}


def test_options_in_turn_follow_the_seed() -> None:
    assert [expand("{@a|b|c} __@tree/warm__ {~x|x}", seed, LISTS) for seed in range(3)] == [
        "a red x",
        "b yellow x",
        "c red x",
    ]


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("a {best quality}", "{best quality}", "choice-single"),
        ("{% if x %}", "{% if x %}", "choice-single"),
        ("${x}", "${x}", "variable-unknown"),
        ("${x=${x}} ${x}", "${x}", "variable-limit"),
        ("${x=!${x}}", "${x}", "variable-unknown"),
        ("{!a|b}", "{", "choice-of-all"),
        ("__!tree/warm__", "__!tree/warm__", "choice-of-all"),
        ("{0::a|0::b}", "{0::a|0::b}", "choice-weightless"),
        ("${x={a|b}", "${x=", "choice-unclosed"),
        ("__nope*__", "__nope*__", "wildcard-unknown"),
        ("{2$$__nope__}", "__nope__", "wildcard-unknown"),
    ],
)
def test_what_is_not_drawn_as_it_is_written_is_told(text: str, place: str, code: str) -> None:
    (fault,) = draw(Traced.typed(text), 1, LISTS).faults
    assert (text[fault.start : fault.end] or text, fault.code) == (place, code)


def test_variables_that_grow_by_doubling_end() -> None:
    text = (
        "${a=xxxx}"
        + "".join(f"${{{b}=!${{{a}}}${{{a}}}}}" for a, b in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True))
        + "${q}"
    )
    expansion = draw(Traced.typed(text), 1, {})
    assert "variable-limit" in {fault.code for fault in expansion.faults}
    deep = "${a=!" * 300 + "x" + "}" * 300
    assert "variable-limit" in {fault.code for fault in draw(Traced.typed(deep), 1, {}).faults}
