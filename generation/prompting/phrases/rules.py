"""Rules: lists of phrases that, said together, have an effect. Which rules there are is told by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from generation.prompting.phrases.matching import Found, PhraseBook, phrase_book
from generation.prompting.phrases.words import readings

MOST_WORDS_TOLD = 6
MOST_LETTERS_TOLD = 60


Met: TypeAlias = tuple[str, PhraseBook]


class Effect(StrEnum):
    """What a rule does, strongest first."""

    BLOCK = "block"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Part:
    """A list of phrases, and in which text of a submission one of them must stand: `prompt` or `negative_prompt`."""

    place: str
    book: PhraseBook


@dataclass(frozen=True, slots=True)
class Rule:
    """It holds where each of its parts does. `version` names the row that it was read from."""

    version: int
    name: str
    title: str
    effect: Effect
    sentence: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that holds: in which text, by which words as they were written."""

    rule: Rule
    place: str
    words: tuple[str, ...]


def rule_of(version: int, name: str, content: Mapping[str, Any]) -> Rule:
    """A rule as a version keeps it. Raises BadPhrase."""
    parts = [
        Part(part["place"], phrase_book(tuple(part["phrases"]), tuple(part["exceptions"]))) for part in content["parts"]
    ]
    return Rule(version, name, content["title"], Effect(content["effect"]), content["sentence"], parts)


def breaches(rules: Sequence[Rule], texts: Mapping[str, str]) -> list[Breach]:
    """The rules that hold for these texts, by their places, strongest effect first."""
    read = {place: list(readings(text)) for place, text in texts.items() if text}
    places = {(part.place, part.book) for rule in rules for part in rule.parts if part.place in read}
    met = {(place, book): book.find(read[place]) for place, book in places}
    found = [breach for rule in rules if (breach := breach_of(rule, texts, met))]
    return sorted(found, key=lambda breach: list(Effect).index(breach.rule.effect))


def breach_of(rule: Rule, texts: Mapping[str, str], met: Mapping[Met, Sequence[Found]]) -> Breach | None:
    """The rule as it holds, by what was met of each book in each text."""
    found = [(part, met.get((part.place, part.book), ())) for part in rule.parts]
    if not found or not all(places for _, places in found):
        return None
    words = [as_written(texts[part.place][each.start : each.end]) for part, places in found for each in places]
    return Breach(rule, rule.parts[0].place, tuple(dict.fromkeys(words))[:MOST_WORDS_TOLD])


def as_written(words: str) -> str:
    """On one line, without what cannot be printed: a sentence must not be turned round by an override within it."""
    line = " ".join("".join(letter for letter in words if letter.isprintable() or letter.isspace()).split())
    return line[:MOST_LETTERS_TOLD]
