"""Names of the catalog in a text."""

from __future__ import annotations

from generation.prompting.names import KnownName, NameIndex

INDEX = NameIndex([KnownName("cat"), KnownName("cat-ears"), KnownName("-minus"), KnownName("ünïcode 2"), KnownName("")])


def places(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in INDEX.places(text)]


def test_the_longest_name_at_a_place_is_meant() -> None:
    assert places("cat-ears, cat, cat-ear") == ["cat-ears", "cat", "cat"]


def test_names_are_words_of_their_own() -> None:
    assert places("cats concat cat_2 (cat) CAT") == ["cat", "CAT"]


def test_names_may_begin_with_a_sign_and_hold_spaces() -> None:
    assert places("a -minus, ÜNÏCODE 2") == ["-minus", "ÜNÏCODE 2"]


def test_the_nearest_names_come_first() -> None:
    assert INDEX.near("cat-eers")[0] == "cat-ears"
    assert INDEX.near("zzzz") == ()
    assert INDEX.near("x" * 5_000) == ()


def test_only_words_that_look_like_names_are_taken_for_misspelt_ones() -> None:
    index = NameIndex([KnownName("EasyNegative"), KnownName("painting")])
    assert index.misspelt("paintings of EasyNegativ, easynegative") == [(13, 24, ("EasyNegative",))]
