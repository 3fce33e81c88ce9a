"""Attention: how much each part of a text counts."""

from __future__ import annotations

import random
from itertools import groupby
from typing import Any

import pytest

from generation.prompting import attention
from generation.prompting.attention import weigh
from tests.generation.prompting.texts import CAT, WORST, hostile

UP, DOWN = 1.1, 1 / 1.1

VECTORS = [
    ("", [("", 1.0)]),
    ("()", [("", 1.0)]),
    ("a cat", [("a cat", 1.0)]),
    ("(((word)))", [("word", UP * UP * UP)]),
    ("((word:1.4))", [("word", 1.4 * UP)]),
    ("[[w]]", [("w", DOWN * DOWN)]),
    ("(word: 1.4 )", [("word", 1.4)]),
    ("(word:-1)", [("word", -1.0)]),
    ("(word:0)", [("word", 0.0)]),
    ("(word:+.5)", [("word", 0.5)]),
    ("(a, (b:1.5), c:0.5)", [("a, ", 0.5), ("b", 0.75), (", c", 0.5)]),
    ("(a:b:1.2)", [("a:b", 1.2)]),
    ("(a:b)", [("a:b", UP)]),
    ("(a:1,5)", [("a:1,5", UP)]),
    ("[word:1.4]", [("word:1.4", DOWN)]),
    ("word:1.4", [("word:1.4", 1.0)]),
    ("word:1.4)", [("word:1.4)", 1.0)]),
    (r"\(a\) \[b\] c\\d", [(r"(a) [b] c\d", 1.0)]),
    (r"e\f", [("ef", 1.0)]),
    ("a\\", [("a", 1.0)]),
    (r"(a\:1.2)", [("a", 1.2)]),
    ("(unbalanced", [("unbalanced", UP)]),
    ("[unbalanced", [("unbalanced", DOWN)]),
    ("a (b", [("a ", 1.0), ("b", UP)]),
    ("a) b", [("a) b", 1.0)]),
    ("a] b", [("a] b", 1.0)]),
    ("(a)(b)", [("ab", UP)]),
    ("(a) (b)", [("a", UP), (" ", 1.0), ("b", UP)]),
    ("(a [b) c]", [("a ", UP), ("b", UP * DOWN), (" c", DOWN)]),
    ("BREAK", [("", 1.0), ("BREAK", -1.0), ("", 1.0)]),
    ("a BREAK b", [("a", 1.0), ("BREAK", -1.0), ("b", 1.0)]),
    ("a BREAK, b", [("a", 1.0), ("BREAK", -1.0), (", b", 1.0)]),
    ("a\n BREAK \nb", [("a", 1.0), ("BREAK", -1.0), ("b", 1.0)]),
    ("aBREAKb", [("aBREAKb", 1.0)]),
    ("a break b", [("a break b", 1.0)]),
    ("(a BREAK b)", [("a", UP), ("BREAK", -UP), ("b", UP)]),
    ("(a) BREAK (b)", [("a", UP), ("", 1.0), ("BREAK", -1.0), ("", 1.0), ("b", UP)]),
    (WORST, [("Worst quality, normal quality, low quality", 1.7), (WORST[48:], 1.0)]),
]


CLOSING = {")": ("(", UP), "]": ("[", DOWN), ":1.5)": ("(", 1.5)}


def plainly(tokens: list[str]) -> list[tuple[str, float]]:
    """The rules word for word: every closing bracket goes over all that it holds."""
    pieces: list[list[Any]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for token in tokens:
        kind, factor = CLOSING.get(token, ("", 1.0))
        if token in opened:
            opened[token].append(len(pieces))
        elif kind and opened[kind]:
            scale(pieces, opened[kind].pop(), factor)
        else:
            pieces.append([token, 1.0])
    for kind, factor in (("(", UP), ("[", DOWN)):
        for first in opened[kind]:
            scale(pieces, first, factor)
    alike = groupby(pieces, key=lambda piece: piece[1])
    return [("".join(piece[0] for piece in run), weight) for weight, run in alike] or [("", 1.0)]


def scale(pieces: list[list[Any]], first: int, factor: float) -> None:
    for piece in pieces[first:]:
        piece[1] *= factor


def test_weights_are_the_products_of_the_rules_to_the_last_bit() -> None:
    chance = random.Random(4)
    for _ in range(3_000):
        tokens = chance.choices(["a", "(", "[", ")", "]", ":1.5)"], k=chance.randint(0, 60))
        assert attention("".join(tokens)) == plainly(tokens)


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_vectors(text: str, expected: list[tuple[str, float]]) -> None:
    assert attention(text) == expected


def test_three_brackets_count_a_third_more() -> None:
    weights = dict(attention(CAT))
    assert weights["cat, rainbow cat"] == weights["lying on the floor"] == pytest.approx(1.331)
    assert weights["photorealistic"] == 1.4
    assert weights["extremely intricate"] == 1.2
    assert weights["exquisitely detailed skin"] == pytest.approx(1.1)
    assert weights["<"] == 1.0


@pytest.mark.parametrize("text", ["(a:1..2)", "(a:.)", "(a:1.2.3)"])
def test_a_weight_that_is_no_number_is_text_and_is_told(text: str) -> None:
    assert attention(text) == [(text[1:-1], UP)]
    (bad,) = weigh(text)[1]
    assert text[bad.start : bad.end] == text[3:-1]


def test_pieces_stand_where_they_were_found() -> None:
    text = r"a (b \(c\), [d:1.5) BREAK e"
    for piece in weigh(text)[0]:
        assert text[piece.start : piece.end].lstrip("\\") == piece.text


def test_nested_brackets_beyond_reason_have_a_weight() -> None:
    ((said, weight),) = attention("(" * 1_000 + "a" + ")" * 1_000)
    assert said == "a" and weight == pytest.approx(1.1**1_000)


@pytest.mark.parametrize("text", hostile())
def test_no_hostile_text_loses_its_letters(text: str) -> None:
    said = "".join(said for said, _ in attention(text))
    assert said.count("a") == text.count("a")
