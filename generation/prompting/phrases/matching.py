"""A list of phrases, compiled: where one of them stands in a text as whole words.

A phrase is words with a space between. `word*` is any word that begins so, `{1-17}` a number from 1 to 17, in digits or
in words. There are no other patterns, so that no list can make the search slow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from generation.prompting.phrases.folding import fold, latin
from generation.prompting.phrases.words import Word

MOST_WORDS = 8
LEAST_BEGINNING = 4
"""Letters before an asterisk: fewer would be half of the dictionary."""
RANGE = re.compile(r"\{(\d{1,3})-(\d{1,3})\}")
BEGINNING = re.compile(r"([^\W\d_]+)\*")
PART = re.compile(r"\{[^{}\s]*\}|[^\s*]+\*|[^\s]+")
PLAIN = re.compile(r"\d+|[^\W\d_]+")


class BadPhrase(ValueError):
    """A line that is no phrase; its message is a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One word of a phrase: the word itself, its beginning, or the numbers `low` to `high`."""

    word: str = ""
    beginning: str = ""
    low: int = 0
    high: int = 0

    def fits(self, word: Word) -> bool:
        if self.word:
            return self.word in word.spellings
        if self.beginning:
            return any(spelling.startswith(self.beginning) for spelling in word.spellings)
        number = word.number
        return number is not None and self.low <= number <= self.high


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that stands in a text from `start` to `end`."""

    phrase: str
    start: int
    end: int


def read_phrase(line: str) -> tuple[Pattern, ...]:
    """The patterns of one line. Raises BadPhrase."""
    patterns = tuple(pattern for part in PART.findall(line) for pattern in _patterns_of(part, line))
    if not patterns:
        raise BadPhrase(f"“{line}” has no word in it.")
    if len(patterns) > MOST_WORDS:
        raise BadPhrase(f"“{line}” has more than {MOST_WORDS} words.")
    return patterns


def _patterns_of(part: str, line: str) -> Iterator[Pattern]:
    if part.startswith("{"):
        numbers = RANGE.fullmatch(part)
        if numbers is None or int(numbers[1]) > int(numbers[2]):
            raise BadPhrase(f"“{part}” in “{line}” is no range of numbers; write {{1-17}}.")
        yield Pattern(low=int(numbers[1]), high=int(numbers[2]))
        return
    folded = fold(part)[0]
    if part.endswith("*"):
        beginning = BEGINNING.fullmatch(folded)
        if beginning is None or len(beginning[1]) < LEAST_BEGINNING:
            raise BadPhrase(f"“{part}” in “{line}” needs {LEAST_BEGINNING} letters before its asterisk.")
        yield Pattern(beginning=latin(beginning[1]))
        return
    for word in PLAIN.findall(folded):
        yield Pattern(word=latin(word))


class PhraseBook:
    """Phrases and their exceptions, found in one pass over a text's words. An exception hides what stands within it."""

    def __init__(self, phrases: Iterable[str], exceptions: Iterable[str] = ()) -> None:
        self._phrases = _Index(phrases)
        self._exceptions = _Index(exceptions)

    def find(self, text: Iterable[Sequence[Word]]) -> list[Found]:
        """Each phrase in a text once, by the readings of it, in the order of the places; none within another one."""
        found: dict[str, Found] = {}
        for words in text:
            hidden = [(first, last) for _, first, last in self._exceptions.places(words)]
            for phrase, first, last in self._phrases.places(words):
                if not any(start <= first and last <= end for start, end in hidden):
                    found.setdefault(phrase, Found(phrase, words[first].start, words[last].end))
        spans = {(each.start, each.end) for each in found.values()}
        outer = [each for each in found.values() if not any(_is_within(each, *span) for span in spans)]
        return sorted(outer, key=lambda each: (each.start, each.end))


def _is_within(found: Found, start: int, end: int) -> bool:
    return start <= found.start and found.end <= end and (start, end) != (found.start, found.end)


@lru_cache(maxsize=256)
def phrase_book(phrases: tuple[str, ...], exceptions: tuple[str, ...]) -> PhraseBook:
    """The book of these lines, compiled once: several rules use one list. Raises BadPhrase."""
    return PhraseBook(phrases, exceptions)


class _Index:
    """Phrases by their first word, so that a word of a text is compared with few of them."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._by_word: dict[str, list[tuple[str, tuple[Pattern, ...]]]] = defaultdict(list)
        self._others: list[tuple[str, tuple[Pattern, ...]]] = []
        for line in lines:
            patterns = read_phrase(line)
            rows = self._by_word[patterns[0].word] if patterns[0].word else self._others
            rows.append((line, patterns))

    def places(self, words: Sequence[Word]) -> Iterator[tuple[str, int, int]]:
        """Phrase, first and last word of each place."""
        for first, word in enumerate(words):
            rows = [row for spelling in word.spellings for row in self._by_word.get(spelling, ())]
            for phrase, patterns in (*rows, *self._others):
                last = first + len(patterns) - 1
                if last < len(words) and all(
                    pattern.fits(words[first + place]) for place, pattern in enumerate(patterns)
                ):
                    yield phrase, first, last
