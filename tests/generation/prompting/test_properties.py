"""What holds of every text at all."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generation.prompting import (
    TagError,
    attention,
    compose,
    expand,
    extract_tags,
    inspect,
    schedule,
    segment_at,
    strip_comments,
)
from generation.prompting.attention import weigh
from tests.generation.prompting.texts import ATOMS

texts = st.lists(st.one_of(st.sampled_from(ATOMS), st.text(max_size=5)), max_size=40).map("".join)
words = st.text(alphabet="abc ,.;!?'\"-*é🙂\n", max_size=60)
steps = st.integers(1, 60)


@given(texts, steps)
def test_segments_ascend_to_the_last_step(text: str, count: int) -> None:
    ends = [end for end, _ in schedule(text, count)]
    assert ends == sorted(set(ends))
    assert ends[-1] == count
    assert ends[0] >= 1


@given(texts, steps)
def test_a_schedule_says_only_what_stands_in_the_text_in_its_order(text: str, count: int) -> None:
    for _, said in schedule(text, count):
        letters = iter(text)
        assert all(letter in letters for letter in said)


@given(texts, steps, st.integers(0, 200))
def test_every_call_has_its_segment(text: str, count: int, call: int) -> None:
    segments = schedule(text, count)
    index = segment_at(segments, call)
    assert segments[index][0] >= min(call, count)
    assert index == 0 or segments[index - 1][0] < call


@given(words, steps)
def test_plain_words_are_left_alone(text: str, count: int) -> None:
    assert schedule(text, count) == [(count, text)]
    assert attention(text) == [(text, 1.0)]
    assert compose(text) == [(text, 1.0)]
    assert extract_tags(text) == (text, [])
    assert expand(text, 1, {}) == strip_comments(text) == text
    assert inspect(text, count).problems == ()


@given(texts)
def test_escaped_texts_are_said_as_they_are(text: str) -> None:
    plain = text.replace("\\", "").replace("BREAK", "")
    escaped = "".join(f"\\{sign}" if sign in "()[]" else sign for sign in plain)
    assert attention(escaped) == [(plain, 1.0)]


@given(texts)
def test_equal_neighbours_are_merged(text: str) -> None:
    weights = [weight for _, weight in attention(text)]
    assert all(before != after for before, after in zip(weights, weights[1:], strict=False))


@given(texts)
def test_pieces_stand_apart_and_in_order(text: str) -> None:
    pieces, _ = weigh(text)
    reached = 0
    for piece in pieces:
        assert reached <= piece.start <= piece.end <= len(text)
        assert piece.text in text[piece.start : piece.end]
        reached = piece.end


@given(texts, texts)
def test_brackets_weigh_what_they_hold(text: str, other: str) -> None:
    inner = "".join(sign for sign in text if sign not in "()[]\\:").replace("BREAK", "") or "a"
    assert attention(f"({inner}:1.5)") == [(inner, 1.5)]
    assert attention(f"(({inner}))") == [(inner, 1.1 * 1.1)]


@given(texts)
def test_tags_are_read_once(text: str) -> None:
    try:
        rest, tags = extract_tags(text)
    except TagError as error:
        assert 0 <= error.start <= error.end <= len(text)
    else:
        assert all(text[tag.start] == "<" and text[tag.end - 1] == ">" for tag in tags)
        assert len(rest) <= len(text)


@given(texts, st.integers(0, 2**32 - 1))
def test_drawing_is_repeatable_and_leaves_no_sound_choice(text: str, seed: int) -> None:
    lists = {"list": ["a", "{b|c}"]}
    assert expand(text, seed, lists) == expand(text, seed, lists)
    assert "__list__" not in expand("__list__", seed, lists)


@given(texts, steps, st.booleans())
def test_the_inspector_agrees_with_the_readers(text: str, count: int, negative: bool) -> None:
    found = inspect(text, count, negative=negative)
    if not negative:
        rest = extract_sound(found.expanded)
        if rest is not None:
            assert [(said.weight, len(said.segments)) for said in found.prompts] == [
                (weight, len(schedule(part, count))) for part, weight in compose(rest)
            ][:16]
    for said in found.prompts:
        for segment in said.segments:
            assert segment.weights is None or list(segment.weights) == attention(segment.text)


def extract_sound(text: str) -> str | None:
    try:
        return extract_tags(text)[0]
    except TagError:
        return None


@given(texts, steps, st.booleans())
def test_every_place_lies_in_the_text_and_all_is_json(text: str, count: int, negative: bool) -> None:
    found = inspect(text, count, negative=negative, loras=[], embeddings=[], wildcards={})
    json.dumps(found.to_json(), allow_nan=False)
    rows: tuple[Any, ...] = (*found.problems, *found.mentions, *found.tree, *found.spans, *found.draws, *found.prompts)
    for row in rows:
        assert 0 <= row.start <= row.end <= len(text)
    assert all(before.end <= after.start for before, after in zip(found.spans, found.spans[1:], strict=False))
    assert all(math.isfinite(span.weight) for span in found.spans)
