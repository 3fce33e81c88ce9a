"""The inspector: what it says of a prompt, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.prompting import Inspection, KnownName, Size, attention, inspect, schedule
from generation.prompting.composition import MAX_PROMPTS
from generation.prompting.inspection import MAX_PROBLEMS
from generation.prompting.report import Segment
from generation.prompting.weighing import WeightedTexts
from tests.generation.prompting.texts import CAT, EASY_NEGATIVE, MUSICIAN, WORST, hostile

LORAS = [
    KnownName("hipoly3DModelLora_v20", "sd1", ("hiqcgbody", "3D")),
    KnownName("ink", "sd1", aliases=("inkwash_v2",)),
    KnownName("glass", "sdxl"),
    KnownName("both", "sdxl"),
    KnownName("both", "sd1"),
]
EMBEDDINGS = [KnownName("EasyNegative", "sd1"), KnownName("bad-hands-5", "sd1"), KnownName("xl_neg", "sdxl")]
LISTS = {"color": ["red"], "empty": []}


def look(text: str, steps: int = 20, *, negative: bool = False) -> Inspection:
    return inspect(
        text, steps, negative=negative, family="sd1", loras=LORAS, embeddings=EMBEDDINGS, wildcards=LISTS, seed=1
    )


# text, code, severity, the part of the text that is named
PROBLEMS = [
    ("a (b", "unclosed-bracket", "warning", "("),
    ("a [b c", "unclosed-bracket", "warning", "["),
    ("[cat:dog:0.5", "unclosed-bracket", "warning", "["),
    ("a) b", "unopened-bracket", "warning", ")"),
    ("(a:1..2)", "bad-weight", "error", "1..2"),
    ("é (a [b:c:5]: . )", "bad-weight", "error", "."),
    ("(a:1,5)", "odd-weight", "warning", ":1,5"),
    ("(a:1.2x)", "odd-weight", "warning", ":1.2x"),
    ("(a:" + "9" * 400 + ")", "huge-weight", "error", "a"),
    ("a AND b:" + "9" * 400, "huge-weight", "error", " b"),
    ("(a BREAK b)", "break-in-brackets", "warning", "BREAK"),
    ("[a BREAK b]", "break-in-brackets", "warning", "BREAK"),
    ("at 10:30", "weight-without-and", "warning", ":30"),
    ("a AND  AND b", "empty-prompt", "warning", "AND"),
    ("a AND", "empty-prompt", "warning", "AND"),
    ("a" + " AND a" * MAX_PROMPTS, "too-many-prompts", "error", "AND"),
    ("[a:b:half]", "bad-when", "warning", "[a:b:half]"),
    ("x [a:b] y", "bad-when", "warning", "[a:b]"),
    ("[a:b:c:5]", "too-many-parts", "warning", "[a:b:c:5]"),
    ("[a|b:5]", "when-in-alternation", "warning", "[a|b:5]"),
    ("[(a:b:1.2):c:5]", "inner-not-whole", "warning", "[(a:b:1.2):c:5]"),
    ("[a:b:5] c|d", "literal-prompt", "warning", "|"),
    ("[a:b:5] \\", "literal-prompt", "warning", "\\"),
    ("[a|]", "empty-alternative", "warning", "|]"),
    ("[a| |b]", "empty-alternative", "warning", "| |"),
    ("{a||b}", "empty-alternative", "warning", "||"),
    ("[a:b:20]", "never-seen", "warning", "b"),
    ("[a:b:1.0]", "never-seen", "warning", "b"),
    ("[a:b:0]", "never-seen", "warning", "a"),
    ("[b:25]", "never-seen", "warning", "b"),
    ("{a|b", "choice-unclosed", "warning", "{"),
    ("a __colour__", "wildcard-unknown", "error", "__colour__"),
    ("a __empty__", "wildcard-empty", "error", "__empty__"),
    ("<lora:inc:1>", "unknown-lora", "error", "<lora:inc:1>"),
    ("<lora:glass>", "wrong-family", "error", "<lora:glass>"),
    ("<lora:ink:1..2>", "tag-number", "error", "1..2"),
    ("<lora: :1>", "tag-without-name", "error", "<lora: :1>"),
    ("<lora:ink:1:1:8>", "tag-argument", "error", "8"),
    ("<hypernet:x:1>", "hypernet", "error", "<hypernet:x:1>"),
    ("<style:x>", "unknown-tag", "warning", "<style:x>"),
    ("a <lora:ink", "unclosed-tag", "warning", "<lora:"),
    ("[a<lora:ink>:b:5]", "scheduled-tag", "warning", "<lora:ink>"),
    ("xl_neg", "embedding-wrong-family", "warning", "xl_neg"),
    ("EasyNegatve", "unknown-embedding", "warning", "EasyNegatve"),
]
SOUND = [
    "",
    "a cat, on 1 mat; \\(really\\)",
    "(a:1.2) [b] ((c)) BREAK d",
    "[a:b:0.5] [c|d] [e:5] [f::0.25] [(a:1.2):[x|y]:3]",
    "a AND b:2 AND c:-0.5",
    "<lora:ink:0.5>, ink, EasyNegative, bad-hands-5, {a|b}, __color__ # (note",
    "(smile :) \\)",
]


@pytest.mark.parametrize(("text", "code", "severity", "part"), PROBLEMS)
def test_a_problem_is_told_at_its_place(text: str, code: str, severity: str, part: str) -> None:
    before = "🙂 é "
    for shift, whole in ((0, text), (len(before), before + text)):
        (found,) = [problem for problem in look(whole).problems if problem.code == code]
        assert (found.severity, whole[found.start : found.end]) == (severity, part)
        assert found.start >= shift
        assert found.message[-1] in ".?"


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_prompt_has_no_problem(text: str) -> None:
    assert look(text).problems == ()


def test_places_hold_behind_comments_tags_and_wildcards() -> None:
    text = "# (a note\n<lora:ink:1> __color__ {x|x} (cat:1..2) b"
    (problem,) = look(text).problems
    assert text[problem.start : problem.end] == "1..2"
    (span,) = look(text).spans[:1]
    assert text[span.start : span.end] == "cat:1..2"


def test_problems_come_in_order_and_errors_are_never_crowded_out() -> None:
    found = look("(" * 500 + " <lora:inc>").problems
    assert len(found) == MAX_PROBLEMS
    assert found[-1].code == "unknown-lora"
    assert [problem.start for problem in found] == sorted(problem.start for problem in found)


def test_a_negative_prompt_knows_no_tags_and_no_and() -> None:
    found = look("<lora:nothing:1> AND b:2", negative=True)
    assert [problem.code for problem in found.problems] == ["tag-in-negative", "and-in-negative"]
    assert found.mentions == ()
    assert [prompt.segments[0].text for prompt in found.prompts] == ["<lora:nothing:1> AND b:2"]


def test_the_steps_say_what_the_schedule_says() -> None:
    (prompt,) = look("[cat:dog:10] (x:1.2)").prompts
    assert prompt.segments == (
        Segment(10, 0, 10, "cat (x:1.2)", (("cat ", 1.0), ("x", 1.2)), None, None),
        Segment(20, 11, 19, "dog (x:1.2)", (("dog ", 1.0), ("x", 1.2)), None, None),
    )


def test_a_segment_that_comes_too_late_is_shown_at_no_call() -> None:
    (prompt,) = look("[a:b:.999]").prompts
    assert [(segment.first_call, segment.last_call) for segment in prompt.segments] == [(0, 19), (20, 19)]


def test_each_of_several_prompts_has_its_weight_and_steps() -> None:
    text = "[a:b:5] AND c:-0.5"
    first, second = look(text).prompts
    assert (text[first.start : first.end], first.weight, len(first.segments)) == ("[a:b:5]", 1.0, 2)
    assert (text[second.start : second.end], second.weight, second.segments[0].text) == (" c", -0.5, " c")


def test_the_tree_is_a_row_with_depths() -> None:
    text = "a [x:([y|z]:1.2):5] [w]"
    shape = [(node.kind, node.depth, text[node.start : node.end]) for node in look(text).tree]
    assert shape == [
        ("prompt", 0, text),
        ("switch", 1, "[x:([y|z]:1.2):5]"),
        ("round", 2, "([y|z]:1.2)"),
        ("alternation", 3, "[y|z]"),
        ("square", 1, "[w]"),
    ]
    switch, alternation = look(text).tree[1], look(text).tree[3]
    assert [text[start:end] for start, end in switch.parts] == ["x", "([y|z]:1.2)"]
    assert switch.last == 5
    assert [text[start:end] for start, end in alternation.parts] == ["y", "z"]


def test_colours_lie_on_the_text_as_typed() -> None:
    text = "a ([b:c:5] \\(d\\):1.5) [e]"
    spans = [(text[span.start : span.end], span.weight) for span in look(text).spans]
    assert spans == [("b", 1.5), ("c", 1.5), (" \\(d\\)", 1.5), ("e", 1 / 1.1)]


def test_a_weight_that_changes_over_the_steps_is_coloured_as_first_seen() -> None:
    text = "(a:[1.2|1.4]) (x[:y:5])"
    spans = [(text[span.start : span.end], span.weight) for span in look(text).spans]
    assert spans == [("a", 1.2), ("x", 1.1), ("y", 1.1)]


def test_breaks_are_shown_but_have_no_colour() -> None:
    found = look("a BREAK b")
    assert found.breaks == ((2, 7),)
    assert found.spans == ()


def test_a_known_lora_brings_its_family_and_trigger_words() -> None:
    (mention,) = look(MUSICIAN).mentions
    assert (mention.kind, mention.name, mention.status, mention.family) == (
        "lora",
        "hipoly3DModelLora_v20",
        "found",
        "sd1",
    )
    assert (mention.weight, mention.text_weight) == (0.5, None)
    assert mention.trigger_words == ("hiqcgbody", "3D")
    assert mention.missing_triggers == ("hiqcgbody",)


def test_names_are_found_without_case_by_alias_and_in_the_right_family() -> None:
    found = look("<lora:INK> <lora:inkwash_v2> <lora:both>").mentions
    assert [(mention.name, mention.status, mention.family) for mention in found] == [
        ("ink", "found", "sd1"),
        ("ink", "found", "sd1"),
        ("both", "found", "sd1"),
    ]


def test_an_unknown_lora_comes_with_a_guess() -> None:
    found = look("<lora:hipoly3DModelLora_v2:1>")
    assert found.mentions[0].suggestions[0] == found.problems[0].suggestions[0] == "hipoly3DModelLora_v20"
    assert "Did you mean “hipoly3DModelLora_v20”" in found.problems[0].message


def test_without_a_catalog_nothing_is_unknown() -> None:
    found = inspect("<lora:x> __y__ EasyNegatve", 20)
    assert found.problems == ()
    assert found.mentions[0].status == "unchecked"


def test_embeddings_are_found_in_every_branch_without_case() -> None:
    text = "[x:easynegative:0.5], (bad-hands-5:1.2), EasyNegatives, bad-hands-55"
    found = [text[each.start : each.end] for each in look(text).mentions if each.status == "found"]
    assert found == ["easynegative", "bad-hands-5"]


def test_draws_are_told_and_what_is_left_is_shown() -> None:
    found = look("a {b|b} __color__ # c")
    assert found.expanded == "a b red "
    assert [(draw.name, draw.options) for draw in found.draws] == [("", 2), ("color", 1)]


def test_every_text_is_measured_by_its_runs_and_the_largest_is_told() -> None:
    measured: list[WeightedTexts] = []

    def measure(texts: WeightedTexts) -> Size:
        measured.append(texts)
        return Size(sum(len(text.split()) for text, _ in texts), len(texts))

    found = inspect("a b (c d:1.2) BREAK e [f g|]", 2, measure=measure)
    first, second = found.prompts[0].segments
    assert (first.tokens, second.tokens, found.tokens) == (8, 6, 8)
    assert (first.chunks, second.chunks, found.chunks) == (5, 5, 5)
    assert measured == [first.weights, second.weights]


@pytest.mark.parametrize(
    ("steps", "calls", "last_calls"), [(20, None, [10, 19]), (40, 39, [20, 38]), (20, 21, [10, 20])]
)
def test_schedules_are_laid_over_steps_and_told_in_calls(steps: int, calls: int | None, last_calls: list[int]) -> None:
    found = inspect("[cat:dog:0.5]", steps, calls=calls).prompts[0].segments
    assert [segment.last_call for segment in found] == last_calls


def test_a_prompt_that_changes_too_often_is_cut_and_says_so() -> None:
    found = look("(a) " * 200 + "[a|b|c|d|e|f|g|h]")
    weights = [segment.weights for segment in found.prompts[0].segments]
    assert weights[0] is not None
    assert None in weights
    assert "not-all-weighed" in {problem.code for problem in found.problems}


@pytest.mark.parametrize(
    ("text", "negative"), [(MUSICIAN, False), (EASY_NEGATIVE, True), (CAT, False), (WORST, True)], ids=str
)
def test_the_texts_that_people_bring(text: str, negative: bool) -> None:
    found = look(text, negative=negative)
    assert found.problems == ()
    (prompt,) = found.prompts
    said = text if negative else text.removeprefix("<lora: hipoly3DModelLora_v20:0.5>")
    assert [(segment.end_step, segment.text) for segment in prompt.segments] == schedule(said, 20)
    assert [list(segment.weights or ()) for segment in prompt.segments] == [attention(s) for _, s in schedule(said, 20)]


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_are_explained_in_json(text: str) -> None:
    found = look(text)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    rows: tuple[Any, ...] = (*found.problems, *found.mentions, *found.tree, *found.spans, *found.draws)
    for row in rows:
        assert 0 <= row.start <= row.end <= len(text)


def test_json_holds_all_there_is() -> None:
    found = look("[a:b:5] <lora:ink> __color__ BREAK (x:2)").to_json()
    assert set(found) == {
        "text", "expanded", "steps", "tokens", "chunks", "prompts", "tree", "mentions", "spans", "breaks", "draws",
        "problems",
    }  # fmt: skip
    assert found["prompts"][0]["segments"][0]["weights"] == [["a  red", 1.0], ["BREAK", -1.0], ["", 1.0], ["x", 2.0]]
    assert found["mentions"][0]["name"] == "ink"
    assert inspect("(a:" + "9" * 400 + ")", 20).to_json()["spans"][0]["weight"] is None
