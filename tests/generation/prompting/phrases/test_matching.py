"""Phrases are found however they are spelled, and only as whole words."""

from __future__ import annotations

import time

import pytest

from generation.prompting.phrases.matching import BadPhrase, PhraseBook, read_phrase
from generation.prompting.phrases.words import readings


def found(phrases: list[str], text: str, *exceptions: str) -> list[str]:
    return [each.phrase for each in PhraseBook(phrases, exceptions).find(list(readings(text)))]


SPELLINGS = [
    "Clay", "CLAY!", "clay,", "a\nclay\tpot", "(clay:1.2)", "cl(ay)", "[clay:x:0.5]", "[x|clay]",
    "under_clay_pot", "c.l.a.y", "c l a y", "a c l a y", "cl-ay", "cl\u200bay", "cl\u00aday",
    "cl\u2060ay", "c\u0301lay", "ｃｌａｙ", "𝓬𝓵𝓪𝔂", "ⓒⓛⓐⓨ", "🅒🅛🅐🅨", "🄲🄻🄰🅈", "сlау", "clаy", "cl4y",
    "c1ay", "cl@y", "claaaay", "c\u115flay", "\u202eyalc\u202c", "x \u202eyalc", "2clay", "clay2",
    "<lora:clay:1>", "1clay",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_word_is_found_however_it_is_spelled(text: str) -> None:
    assert found(["clay"], text) == ["clay"]


@pytest.mark.parametrize(
    "text", ["barclay", "clays", "cla y", "c lay", "lay", "с л о н", "claw", "", "c, l, a, y", "🙂"]
)
def test_other_words_are_not(text: str) -> None:
    assert found(["clay"], text) == []


def test_i_and_l_are_two_letters() -> None:
    assert found(["silt"], "slit") == [] == found(["slit"], "silt")


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("soft clay", "soft clay"),
        ("soft clay", "soft, clay"),
        ("soft clay", "soft-clay"),
        ("soft clay", "soft\u2003CLAY"),
        ("pre fired", "pre-fired"),
        ("potter*", "a pottery"),
        ("potter*", "POTTERS"),
        ("{1-17} year old", "a 12 year old pot"),
        ("{1-17} year old", "a 12-year-old pot"),
        ("{1-17} year old", "twelve year old pot"),
        ("{1-17} yo", "12yo"),
        ("глина", "мокрая ГЛИНА"),
        ("粘土", "粘土"),
    ],
)
def test_phrases_and_their_patterns(phrase: str, text: str) -> None:
    assert found([phrase], text) == [phrase]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("soft clay", "soft grey clay"),
        ("soft clay", "clay soft"),
        ("potter*", "spotter"),
        ("{1-17} year old", "18 year old"),
        ("{1-17} year old", "112 year old"),
        ("{1-17} year old", "a thousand year old"),
        ("{1-17} year old", "twenty five year old"),
        ("{1-17} year old", "twenty-five year old"),
        ("{1-17} year old", "0 year old"),
        ("{1-17} year old", "1012 year old"),
    ],
)
def test_what_they_do_not_mean(phrase: str, text: str) -> None:
    assert found([phrase], text) == []


def test_an_exception_hides_what_stands_within_it_alone() -> None:
    assert found(["clay"], "a clay pigeon", "clay pigeon") == []
    assert found(["clay"], "a clay pigeon of clay", "clay pigeon") == ["clay"]
    assert found(["clay", "clay pigeon house"], "clay pigeon house", "clay pigeon") == ["clay pigeon house"]


def test_the_place_is_that_in_the_text() -> None:
    text = "a C\u0301L\u200bAY pot"
    (place,) = PhraseBook(["clay"]).find(list(readings(text)))
    assert text[place.start : place.end] == "C\u0301L\u200bAY"


def test_of_two_places_the_wider_is_told() -> None:
    assert found(["clay", "soft clay"], "soft clay") == ["soft clay"]


@pytest.mark.parametrize(
    "line", ["", "!!!", "cla*", "*", "{17-1} year", "{a}", "{1-17", "one two three four five six seven eight nine"]
)
def test_what_is_no_phrase_is_refused(line: str) -> None:
    with pytest.raises(BadPhrase):
        read_phrase(line)


@pytest.mark.parametrize(
    "text",
    ["(" * 20_000, "a " * 10_000, "a.-" * 7_000, "\u202e\u202c" * 10_000, "1" * 20_000, "é" * 20_000, "@" * 20_000],
)
def test_no_text_takes_long(text: str) -> None:
    book = PhraseBook(["clay", "soft clay", "potter*", "{1-17} year old"])
    began = time.process_time()
    book.find(list(readings(text)))
    assert time.process_time() - began < 2
