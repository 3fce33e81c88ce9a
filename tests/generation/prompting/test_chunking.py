"""Chunks: where texts are cut, on plain numbers. Token 7 is the comma, and a chunk holds 75 tokens unless said."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.prompting.chunking import EMPTY_CHUNK, Chunk, Insert, WeightedTokens, split_into_chunks, weighted_tokens

COMMA = 7
BREAK = WeightedTokens(None)
LOGO = Insert("logo", 4)


def cut(*pieces: WeightedTokens, length: int = 75) -> list[list[int]]:
    return [list(chunk.tokens) for chunk in split_into_chunks(pieces, length, comma=COMMA)]


def words(count: int, first: int = 100) -> list[int]:
    return list(range(first, first + count))


def with_logos(tokens: Sequence[int], weight: float = 1.0) -> list[WeightedTokens]:
    """Tokens with an embedding of four vectors in the place of each 99 98."""
    for position in range(len(tokens)):
        if list(tokens[position : position + 2]) == [99, 98]:
            head = [WeightedTokens(tokens[:position], weight), WeightedTokens(LOGO, weight)]
            return [*head, *with_logos(tokens[position + 2 :], weight)]
    return [WeightedTokens(tokens, weight)]


def test_no_text_is_one_empty_chunk() -> None:
    assert split_into_chunks([], 75) == (EMPTY_CHUNK,)
    assert cut(WeightedTokens([])) == [[]]


def test_a_chunk_is_full_at_its_length_and_not_before() -> None:
    assert cut(WeightedTokens(words(75))) == [words(75)]
    assert cut(WeightedTokens(words(76))) == [words(75), [175]]
    assert cut(WeightedTokens(words(61)), length=30) == [words(30), words(30, 130), [160]]


@pytest.mark.parametrize("back", [1, 2, 19, 20])
def test_words_after_a_comma_up_to_twenty_tokens_back_move_on_together(back: int) -> None:
    head, tail = words(75 - back), words(back - 1, 300)
    assert cut(WeightedTokens([*head, COMMA, *tail, 500])) == [[*head, COMMA], [*tail, 500]]


def test_a_comma_further_back_moves_nothing() -> None:
    text = [*words(75 - 21), COMMA, *words(20, 300), 500]
    assert cut(WeightedTokens(text)) == [text[:75], [500]]


def test_the_last_of_several_commas_counts() -> None:
    head = [*words(60), COMMA, *words(5, 300), COMMA]
    tail = words(8, 400)
    assert cut(WeightedTokens([*head, *tail, 500])) == [head, [*tail, 500]]


def test_a_text_that_just_fits_is_not_moved() -> None:
    text = [*words(70), COMMA, *words(4, 300)]
    assert cut(WeightedTokens(text)) == [text]


def test_a_comma_that_overflows_opens_the_next_chunk() -> None:
    text = [*words(70), COMMA, *words(4, 300)]
    assert cut(WeightedTokens([*text, COMMA, 500])) == [text, [COMMA, 500]]


def test_moved_words_are_not_moved_twice() -> None:
    head, tail = words(60), words(14, 300)
    rest = words(62, 400)
    assert cut(WeightedTokens([*head, COMMA, *tail, *rest])) == [[*head, COMMA], [*tail, *rest[:61]], rest[61:]]


def test_without_a_comma_in_the_vocabulary_nothing_moves() -> None:
    text = [*words(74), COMMA, 500]
    assert [len(chunk.tokens) for chunk in split_into_chunks([WeightedTokens(text)], 75)] == [75, 1]


def test_break_closes_the_chunk() -> None:
    assert cut(WeightedTokens([1, 2]), BREAK, WeightedTokens([3])) == [[1, 2], [3]]


def test_break_after_a_full_chunk_leaves_no_empty_one() -> None:
    assert cut(WeightedTokens(words(75)), BREAK, WeightedTokens([3])) == [words(75), [3]]


def test_break_at_the_end_adds_nothing_and_two_in_a_row_leave_an_empty_chunk() -> None:
    assert cut(WeightedTokens([1]), BREAK) == [[1]]
    assert cut(WeightedTokens([1]), BREAK, BREAK, WeightedTokens([2])) == [[1], [], [2]]
    assert cut(BREAK, WeightedTokens([2])) == [[], [2]]


def test_weights_stay_with_their_tokens_across_a_move() -> None:
    pieces = [WeightedTokens([*words(70), COMMA], 1.5), WeightedTokens(words(5, 300), 0.5)]
    first, second = split_into_chunks(pieces, 75, comma=COMMA)
    assert first.weights == (1.5,) * 71
    assert second == Chunk(tuple(words(5, 300)), (0.5,) * 5)


def test_an_embedding_stands_for_its_name_with_its_weight() -> None:
    (chunk,) = split_into_chunks(with_logos([1, 99, 98, 2], 1.2), 75)
    assert chunk == Chunk((1, 0, 0, 0, 0, 2), (1.2,) * 6, ((1, LOGO),))


def test_half_a_name_is_plain_words() -> None:
    (chunk,) = split_into_chunks([*with_logos([99]), *with_logos([98])], 75)
    assert chunk == Chunk((99, 98), (1.0, 1.0))


def test_names_are_cut_out_of_texts_before_these_are_tokenized() -> None:
    """A sign that stands close would be one token with the name's end."""
    texts = [("my logo, a logo", 1.2), ("BREAK", -1), ("logo", 1.0), ("", 1.0)]
    tokenized = weighted_tokens(
        texts,
        lambda parts: [[len(part)] for part in parts],
        lambda text: [(match.start(), match.end(), LOGO) for match in re.finditer("logo", text)],
    )
    assert tokenized == [
        WeightedTokens([3], 1.2),
        WeightedTokens(LOGO, 1.2),
        WeightedTokens([4], 1.2),
        WeightedTokens(LOGO, 1.2),
        WeightedTokens(None),
        WeightedTokens(LOGO),
        WeightedTokens([0]),
    ]


def test_an_embedding_that_does_not_fit_goes_whole_into_the_next_chunk() -> None:
    first, second = split_into_chunks(with_logos([*words(72), 99, 98, 5]), 75)
    assert first.tokens == tuple(words(72))
    assert second == Chunk((0, 0, 0, 0, 5), (1.0,) * 5, ((0, LOGO),))


def test_an_embedding_after_the_comma_moves_whole() -> None:
    text = [*words(65), COMMA, 300, 99, 98, 301, 302, 303, 304, 500]
    first, second = split_into_chunks(with_logos(text), 75, comma=COMMA)
    assert first == Chunk((*words(65), COMMA), (1.0,) * 66)
    assert second.tokens == (300, 0, 0, 0, 0, 301, 302, 303, 304, 500)
    assert second.inserts == ((1, LOGO),)


def test_an_embedding_counts_by_its_vectors_when_looking_back() -> None:
    text = [*words(54), COMMA, 99, 98, *words(16, 300), 500]
    first, second = split_into_chunks(with_logos(text), 75, comma=COMMA)
    assert len(first.tokens) == 75
    assert second.tokens == (500,)


TOKENS = st.lists(st.sampled_from([1, 2, COMMA, 99, 98]), max_size=120)


@given(st.lists(st.one_of(st.just(BREAK), TOKENS.map(WeightedTokens)), max_size=6), st.integers(4, 40))
def test_nothing_is_lost_reordered_or_overfull(pieces: list[WeightedTokens], length: int) -> None:
    parts = [
        part for piece in pieces for part in (with_logos(piece.tokens) if isinstance(piece.tokens, list) else [piece])
    ]
    chunks = split_into_chunks(parts, length, comma=COMMA)
    assert all(len(chunk.tokens) == len(chunk.weights) <= length for chunk in chunks)
    said = []
    for chunk in chunks:
        inserts = dict(chunk.inserts)
        position = 0
        while position < len(chunk.tokens):
            said += [99, 98] if position in inserts else [chunk.tokens[position]]
            position += inserts[position].vectors if position in inserts else 1
    assert said == [token for piece in pieces for token in (piece.tokens if isinstance(piece.tokens, list) else ())]
