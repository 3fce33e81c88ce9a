"""Full text search of the help pages, by their parts: an index in memory, ranked as BM25 ranks (Robertson 1994).

Words in headings count more than words below them, and the beginning of a word counts as the word, a little less.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from config.help.pages import Page, pages
from config.help.rendering import Part

WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
LONGEST_QUERY = 200
MOST_RESULTS = 20
MOST_OF_A_PAGE = 3
TITLE, HEADING = 8, 5
"""How many words of the text one word of the page's title, or of a heading, is worth."""
BEGINNING = 0.6
"""What the beginning of a word is worth."""
K1, B = 1.2, 0.75
LEAST = 0.2
"""What scores less, of the best part's score, is not shown."""
EXCERPT = 220
"""Characters that are shown of a part."""


@dataclass(frozen=True, slots=True)
class Entry:
    page: Page
    part: Part
    counts: Counter[str]
    length: float


@dataclass(frozen=True, slots=True)
class Result:
    """A part that was found; `excerpt` is its text in pieces, each with whether it is to be marked."""

    page: Page
    part: Part
    excerpt: tuple[tuple[str, bool], ...]

    @property
    def address(self) -> str:
        return f"{self.page.address}#{self.part.anchor}" if self.part.anchor else self.page.address


def search(query: str) -> list[Result]:
    """The best parts for `query`, best first. What lacks some of its words is worth less, by how rare these are."""
    words = list(dict.fromkeys(words_of(query[:LONGEST_QUERY])))
    entries = index()
    rarities = {word: rarity(entries, word) for word in words}
    scores = [score(entry, rarities) for entry in entries]
    least = LEAST * max(scores)
    best = sorted(((each, at) for at, each in enumerate(scores) if each and each >= least), key=lambda row: -row[0])
    found = few_of_each([entries[at] for _, at in best])
    return [Result(entry.page, entry.part, excerpt(entry.part.text, words)) for entry in found]


def score(entry: Entry, rarities: Mapping[str, float]) -> float:
    weights = {word: weight(entry, word) for word in rarities}
    held = sum(rarity for word, rarity in rarities.items() if weights[word])
    total = sum(rarities[word] * each for word, each in weights.items())
    return total * (held / sum(rarities.values())) ** 2 if held else 0.0


def few_of_each(best: list[Entry]) -> Iterator[Entry]:
    """No page takes all the room."""
    seen: Counter[str] = Counter()
    for entry in best:
        if seen[entry.page.address] < MOST_OF_A_PAGE and seen.total() < MOST_RESULTS:
            seen[entry.page.address] += 1
            yield entry


def weight(entry: Entry, word: str) -> float:
    """How much the part is about the word: 0 to K1 + 1."""
    times = sum(
        count * (1 if each == word else BEGINNING) for each, count in entry.counts.items() if is_found(each, [word])
    )
    return times * (K1 + 1) / (times + K1 * (1 - B + B * entry.length))


def rarity(entries: list[Entry], word: str) -> float:
    """More for a word that few parts hold."""
    holding = sum(1 for entry in entries if any(is_found(each, [word]) for each in entry.counts))
    return math.log(1 + (len(entries) - holding + 0.5) / (holding + 0.5))


@cache
def index() -> list[Entry]:
    found = [(page, part, counts_of(page, part)) for page in pages().values() for part in page.parts]
    usual = sum(counts.total() for _, _, counts in found) / len(found)
    return [Entry(page, part, counts, counts.total() / usual) for page, part, counts in found]


def counts_of(page: Page, part: Part) -> Counter[str]:
    counts = Counter(words_of(part.text))
    for word in words_of(part.title):
        counts[word] += HEADING
    for word in words_of(page.title):
        counts[word] += TITLE if not part.anchor else 1
    return counts


def words_of(text: str) -> list[str]:
    return [plain(word) for word in WORD.findall(text)]


def plain(word: str) -> str:
    """Small letters without accents, and one form for one thing and several."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return bare[:-1] if len(bare) > 3 and bare.endswith("s") and not bare.endswith("ss") else bare


def excerpt(text: str, words: list[str]) -> tuple[tuple[str, bool], ...]:
    """The text around the first word that was found, the found words apart from the rest."""
    text = " ".join(text.split())
    hits = [hit.span() for hit in WORD.finditer(text) if is_found(plain(hit[0]), words)]
    begin = max(0, (hits[0][0] if hits else 0) - EXCERPT // 3)
    begin = text.rfind(" ", 0, begin) + 1
    end = len(text) if len(text) <= begin + EXCERPT else text.rfind(" ", begin, begin + EXCERPT)
    pieces, at = [("… ", False)] if begin else [], begin
    for first, last in hits:
        if begin <= first and last <= end:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    return (*pieces, (text[at:end] + (" …" if end < len(text) else ""), False))


def is_found(word: str, words: list[str]) -> bool:
    """Whether it is one of `words`, or begins as one of those with three letters or more does."""
    return any(word == each or (len(each) > 2 and word.startswith(each)) for each in words)
