"""Names of the catalog in a text."""

from __future__ import annotations

import unicodedata

import pytest

from generation.prompting.names import KnownName, NameIndex

INDEX = NameIndex([KnownName("cat"), KnownName("cat-ears"), KnownName("-minus"), KnownName("ünïcode 2"), KnownName("")])


def places(text: str) -> list[str]:
    return [text[place.start : place.end] for place in INDEX.places(text)]


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


FILES = NameIndex(
    [
        KnownName("By-careless-artist-neg", file="negative/By careless artist -neg"),
        KnownName("bad_hands_v1-3", file="bad_hands_v1.3"),
        KnownName("negatif-é", file="negatif-é"),
        KnownName("water", file="水墨🎨"),
        KnownName("hands", file="hands"),
        KnownName("style-v2", file="style (v2)"),
        KnownName("lines", "sd1", file="lines"),
        KnownName("xl-lines", "sdxl", file="lines and dots"),
    ],
    "sd1",
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("By careless artist -neg", ["By careless artist -neg"]),
        ("x, BY  Careless\nartist -NEG, y", ["By careless artist -neg"]),
        ("negative/By careless artist -neg", ["negative/By careless artist -neg"]),
        ("bad_hands_v1.3, bad_hands_v1.35, bad_hands_v1.3.safetensors", ["bad_hands_v1.3", "bad_hands_v1.3"]),
        ("bad_hands_v1-3", ["bad_hands_v1-3"]),
        (unicodedata.normalize("NFD", "a NEGATIF-É"), ["negatif-é"]),
        ("水墨🎨, ink", ["水墨🎨"]),
        (r"(style \(v2\):1.2)", ["style (v2)"]),
        ("style (v2)", []),
        ("lines and dots", ["lines"]),
    ],
)
def test_the_files_own_name_is_found(text: str, words: list[str]) -> None:
    assert [place.word for place in FILES.places(text)] == words


def test_places_are_those_of_the_typed_text() -> None:
    text = unicodedata.normalize("NFD", "é,  x  negatif-é  (hands:1.1)")
    assert [text[place.start : place.end] for place in FILES.places(text)] == [
        unicodedata.normalize("NFD", "negatif-é"),
        "hands",
    ]


def test_bare_brackets_of_a_name_are_told_how_to_be_written() -> None:
    assert FILES.in_brackets("a Style (v2), b") == [(2, 12, r"style \(v2\)")]


LORAS = NameIndex(
    [
        KnownName("Ink-Lines-v1-5", "sd1", file="loras/styles/Ink Lines v1.5", title="Ink Lines"),
        KnownName("a-style", "sd1", file="a/style", distance=1),
        KnownName("b-style", "sd1", file="b/style", distance=1),
        KnownName("xl-style", "sdxl", file="style", distance=0),
        KnownName("mine", "sd1", file="glow", distance=0),
        KnownName("glow-2", "sd1", file="other/glow", distance=2),
        KnownName("ink-v1", "sd1", aliases=("ink",), title="Ink"),
        KnownName("ink-v2", "sd1", aliases=("ink",), title="Ink"),
        KnownName("dots", "sdxl", file="x"),
        KnownName("points", "sd1", file="dots"),
    ],
    "sd1",
)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("Ink Lines v1.5", ["Ink-Lines-v1-5"]),
        ("ink lines V1.5.safetensors", ["Ink-Lines-v1-5"]),
        ("styles/Ink Lines v1.5", ["Ink-Lines-v1-5"]),
        (r"loras\styles\Ink Lines v1.5.safetensors", ["Ink-Lines-v1-5"]),
        ("ink lines", ["Ink-Lines-v1-5"]),
        ("other/Ink Lines v1.5", []),
        ("style", ["a-style", "b-style"]),
        ("A/style", ["a-style"]),
        ("glow", ["mine"]),
        ("ink", ["ink-v2"]),
        ("INK", ["ink-v2"]),
        ("ink-v1", ["ink-v1"]),
        ("dots", ["points"]),
        ("x", ["dots"]),
        ("", []),
    ],
)
def test_a_word_means_what_nothing_speaks_against(word: str, names: list[str]) -> None:
    assert [known.name for known in LORAS.meant(word)] == names
