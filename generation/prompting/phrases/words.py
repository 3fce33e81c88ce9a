"""The words of a text, each with all that it may be read as: digits and signs for letters, spread and broken words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from generation.prompting.phrases.folding import LEET, LEET_SIGNS, fold, latin, order_shown

SPLIT = re.compile(r"\d+|[^\W\d_]+")
"""Digits and letters apart, so that “1girl” and “12yo” are two words each."""
JOINED = re.compile(
    rf"[{LEET_SIGNS}]{{0,3}}[^\W_](?:[()\[\]{{}}\-._'*~+]*[^\W_{LEET_SIGNS}]|[{LEET_SIGNS}](?=[^\W_]|[{LEET_SIGNS}]))*"
)
"""One word however brackets and hyphens break it: emphasis such as “(x)y” is no end of a word for who reads it."""
BREAKS = re.compile(r"[()\[\]{}\-._'*~+]+")
REPEATED = re.compile(r"([^\W\d_])\1{2,}")
UNITS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: number for number, word in enumerate(UNITS, 1)} | {
    word: 10 * number for number, word in enumerate(TENS, 2)
}
LEAST_SPREAD = 3
STOPS = ",;:|/\n"
ARTICLES = "ai"
"""Words of one letter, which are none of the letters of a word that is spread after them."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word from `start` to `end` of the text, and the spellings that it may be read as."""

    spellings: frozenset[str]
    start: int
    end: int

    @property
    def number(self) -> int | None:
        """What it counts; None for other words, and for digits that begin with 0."""
        for spelling in self.spellings:
            if spelling.isascii() and spelling.isdigit() and len(spelling) < 4 and spelling[0] != "0":
                return int(spelling)
        return None


def readings(text: str) -> Iterator[list[Word]]:
    """The words of a text as they are split by the eye, then joined over brackets, then with spread letters joined.

    Linear in the text's length.
    """
    yield from readings_of(*fold(text))
    if order := order_shown(text):
        yield from readings_of(*fold(text, order))


def readings_of(folded: str, places: Sequence[int]) -> Iterator[list[Word]]:
    split = numbered(list(words_of(folded, places, SPLIT, plain_spellings)))
    yield split
    if not folded.isascii() or not folded.replace(" ", "").isalpha():
        yield list(words_of(folded, places, JOINED, odd_spellings))
    if any(spread(one) and spread(other) for one, other in pairwise(split)):
        yield list(gathered(split, {place for letter, place in zip(folded, places, strict=True) if letter in STOPS}))


def words_of(
    folded: str, places: Sequence[int], pattern: re.Pattern[str], spell: Callable[[str], set[str]]
) -> Iterator[Word]:
    for found in pattern.finditer(folded):
        first, last = sorted((places[found.start()], places[found.end() - 1]))
        yield Word(frozenset(spell(found[0])), first, last + 1)


def plain_spellings(word: str) -> set[str]:
    return {word, *calmed(latin(word))}


def odd_spellings(word: str) -> set[str]:
    """Without the breaks in it; and where letters are among digits or signs, with letters for these."""
    word = latin(BREAKS.sub("", word))
    spellings = {word}
    if not word.isalpha() and any(letter.isalpha() for letter in word):
        letters = word.translate(LEET)
        spellings |= {letters, word.replace("1", "l").replace("!", "l").translate(LEET)}
    return {each for spelling in spellings for each in calmed(spelling)}


def calmed(word: str) -> set[str]:
    """The word, and what it is without the letters that are drawn out: “sooo” may be “so” or “soo”."""
    if not REPEATED.search(word):
        return {word}
    return {word, REPEATED.sub(r"\1", word), REPEATED.sub(r"\1\1", word)}


def spread(word: Word) -> bool:
    return word.end - word.start == 1


def gathered(words: Sequence[Word], stops: Set[int]) -> Iterator[Word]:
    """With letters that stand alone, at least three in a row without a stop between, made one word: “w o r d”."""
    row: list[Word] = []
    for word in words:
        if row and (not spread(word) or not stops.isdisjoint(range(row[-1].end, word.start))):
            yield from joined_letters(row)
            row = []
        if spread(word):
            row.append(word)
        else:
            yield word
    yield from joined_letters(row)


def joined_letters(row: Sequence[Word]) -> Iterator[Word]:
    if len(row) < LEAST_SPREAD:
        yield from row
        return
    # The spelling in Latin letters is the one without others.
    letters = "".join(min(word.spellings) for word in row)
    spellings = odd_spellings(letters)
    if letters[0] in ARTICLES:
        spellings |= odd_spellings(letters[1:])
    yield Word(frozenset(spellings), row[0].start, row[-1].end)


def numbered(words: Sequence[Word]) -> list[Word]:
    """With numbers in words read as digits, “twenty five” as one of them: it is no five."""
    done: list[Word] = []
    for word in words:
        number = next((NUMBERS[spelling] for spelling in word.spellings if spelling in NUMBERS), None)
        if number is None:
            done.append(word)
            continue
        before = done[-1] if done else None
        tens = before.number if before and before.spellings & {*TENS} else None
        if before and tens and number < 10:
            done[-1] = Word(frozenset({str(tens + number)}), before.start, word.end)
        else:
            done.append(Word(word.spellings | {str(number)}, word.start, word.end))
    return done
