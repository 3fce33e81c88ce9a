"""A rule holds where each of its lists is met in the text that it names."""

from __future__ import annotations

from typing import Any

from generation.prompting.phrases.rules import MOST_WORDS_TOLD, Breach, Rule, breaches, rule_of


def rule(*parts: tuple[str, str], effect: str = "block", version: int = 1) -> Rule:
    lists: list[dict[str, Any]] = [
        {"place": place, "phrases": phrases.split(), "exceptions": []} for place, phrases in parts
    ]
    return rule_of(version, "r", {"title": "R", "effect": effect, "sentence": "No.", "parts": lists})


def words(rules: list[Rule], prompt: str, negative: str = "") -> list[tuple[str, ...]]:
    return [breach.words for breach in breaches(rules, {"prompt": prompt, "negative_prompt": negative})]


def test_each_list_must_be_met() -> None:
    both = rule(("prompt", "clay mud"), ("prompt", "gold"))
    assert words([both], "clay and gold") == [("clay", "gold")]
    assert words([both], "clay and mud") == [] == words([both], "gold")


def test_each_in_its_own_text() -> None:
    across = rule(("prompt", "clay"), ("negative_prompt", "gold"))
    assert words([across], "clay", "gold") == [("clay", "gold")]
    assert words([across], "clay gold") == [] == words([across], "gold", "clay")


def test_a_rule_without_lists_never_holds() -> None:
    assert words([rule()], "clay") == []


def test_the_strongest_comes_first() -> None:
    rules = [
        rule(("prompt", "clay"), effect=effect, version=number)
        for number, effect in enumerate(("note", "block", "review"))
    ]
    found: list[Breach] = breaches(rules, {"prompt": "clay"})
    assert [breach.rule.effect for breach in found] == ["block", "review", "note"]


def test_words_are_told_as_they_were_written_on_one_line_and_without_what_is_not_seen() -> None:
    assert words([rule(("prompt", "clay"))], "C\u200bL\u202dAY") == [("CLAY",)]
    many = " ".join(chr(ord("a") + number) * 2 for number in range(20))
    assert len(words([rule(("prompt", many))], many)[0]) == MOST_WORDS_TOLD
