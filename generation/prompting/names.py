"""Names that the catalog knows, and how words of a prompt are matched to them: exactly, without case, or nearly."""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

_WORD = re.compile(r"(?<!\w)(?:\w+|[^\w\s])")
_FIRST = re.compile(r"\w+|.", re.DOTALL)
_NAME_LIKE = re.compile(r"(?<![\w<])[A-Za-z][\w-]*(?:[a-z][A-Z]|[\d_-])[\w-]*")
_BRACKETS = re.compile(r"[()\[\]\\]")
_ESCAPED = re.compile(r"\\([()\[\]\\])")
_ODD_BLANK = re.compile(r"[^\S ]|  ")
# A letter with the accents behind it, and the parts of a Hangul syllable: what one form of Unicode writes as one.
_CLUSTER = re.compile(
    "\\s+|.[\u0300-\u036f\u0653-\u0655\u093c\u1161-\u11ff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f]*", re.DOTALL
)
_NEAR_WORDS = 10
_NEAR_NAMES = 10
_LONGEST_NAME = 100
SUFFIXES = (".safetensors", ".ckpt", ".pth", ".pt", ".bin")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A LoRA or embedding that the person may use. An empty family fits every checkpoint.

    `name` is the catalog's, `aliases` are as good; `file` is what its file was called, with folders and without suffix,
    and `title` what people call it. `distance` tells whose it is: of two with one file name the nearer is meant.
    """

    name: str
    family: str = ""
    trigger_words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    file: str = ""
    title: str = ""
    distance: int = 0

    @property
    def files(self) -> Iterator[str]:
        """The file's own name, then with one folder after the other: `ink`, `styles/ink`, `loras/styles/ink`."""
        parts = self.file.split("/") if self.file else []
        return ("/".join(parts[start:]) for start in reversed(range(len(parts))))


class Place(NamedTuple):
    """Where text[start:end] names something: `word` is how the catalog spells it, `meant` all that it may mean."""

    start: int
    end: int
    word: str
    meant: tuple[KnownName, ...]


class NameIndex:
    """Known names of one kind, looked up as the submission does.

    By the catalog's name and aliases, then the name of the file, each exactly, then without case; at last the title.
    Where a name is known for several families, those that fit `family` are meant.
    """

    def __init__(self, known: Iterable[KnownName], family: str = "") -> None:
        self.family = family
        self.known = sorted(known, key=self.fits)

    def fits(self, name: KnownName) -> bool:
        return not self.family or not name.family or name.family == self.family

    @cached_property
    def _tiers(self) -> tuple[Mapping[str, list[KnownName]], ...]:
        """From the surest to the least sure: what each word means. Words of the last three are folded."""
        tiers: tuple[dict[str, list[KnownName]], ...] = tuple(defaultdict(list) for _ in range(5))
        names, files, loose_names, loose_files, titles = tiers
        for each in self.known:
            for word in (each.name, *each.aliases):
                names[word].append(each)
                loose_names[folded(word)].append(each)
            for word in each.files:
                files[unicodedata.normalize("NFC", word)].append(each)
                loose_files[folded(word)].append(each)
            if each.title:
                titles[folded(each.title)].append(each)
        return tiers

    def meant(self, name: str) -> tuple[KnownName, ...]:
        """All that a word may mean and nothing tells apart; what fits the family before what does not."""
        name = unicodedata.normalize("NFC", name.replace("\\", "/")).strip()
        others: tuple[KnownName, ...] = ()
        for word in dict.fromkeys((name, without_suffix(name))):
            for tier, key in zip(self._tiers, (word, word, *[folded(word)] * 3), strict=True):
                nearest = self._nearest(tier.get(key, ()))
                if any(map(self.fits, nearest)):
                    return nearest
                others = others or nearest
        return others

    def namesakes(self, name: str) -> tuple[KnownName, ...]:
        """All whose files are called so, where there are several: whoever writes it may mean another one."""
        nearest = self._nearest(self._tiers[1].get(unicodedata.normalize("NFC", without_suffix(name)), ()))
        return nearest if len(nearest) > 1 else ()

    def _nearest(self, found: Sequence[KnownName]) -> tuple[KnownName, ...]:
        """Those that fit, if any do, and of them the person's own before the site's and others'. Of a series one."""
        fitting = [each for each in found if self.fits(each)] or found
        least = min((each.distance for each in fitting), default=0)
        # Versions stand oldest first, and all have the word of their series as alias: the newest stays.
        series = {(each.aliases or (each.name,))[0]: each for each in fitting if each.distance == least}
        return tuple(series.values())

    def near(self, name: str, *, cutoff: float = 0.5, count: int = 3) -> tuple[str, ...]:
        """Known names that `name` may have been meant for, the nearest first."""
        if len(name) > _LONGEST_NAME:
            return ()
        pairs = _pairs(name.lower())
        # difflib is slow: only names that share most pairs of letters are compared.
        shared = {known: len(pairs & theirs) for known, theirs in self._pairs_of_names.items()}
        likely = heapq.nlargest(_NEAR_NAMES, shared, key=shared.__getitem__)
        close = difflib.get_close_matches(name.lower(), likely, count, cutoff)
        return tuple(dict.fromkeys(self._words[each].name for each in close))

    @cached_property
    def _words(self) -> dict[str, KnownName]:
        """Every word, in small letters, that something is called by."""
        words = {word.lower(): each for each in self.known for word in (*each.files, each.title, *each.aliases)}
        return words | {each.name.lower(): each for each in self.known}

    @cached_property
    def _pairs_of_names(self) -> dict[str, set[str]]:
        return {name: _pairs(name) for name in self._words if len(name) <= _LONGEST_NAME}

    def places(self, text: str, *, escaped: bool = True) -> list[Place]:
        """Where known names stand in `text` as words of their own; of several at one place the longest that fits.

        Case, the width of blanks and the form of accents are passed over, as CLIP's tokenizers do. In an `escaped`
        text, which is one as it was typed, brackets of names stand behind backslashes.
        """
        line, origins = _line(text)
        by_first_word: dict[str, list[_Spelling]] = defaultdict(list)
        for spelling in self._escaped if escaped else self._plain:
            if spelling.folded in line:
                by_first_word[spelling.first].append(spelling)
        places: list[Place] = []
        reached = 0
        for match in _WORD.finditer(line) if by_first_word else ():
            start = match.start()
            if start >= reached and (found := _longest_at(line, start, by_first_word.get(match[0], ()))):
                spelling, reached = found
                typed = text[origins[start] : origins[reached]]
                meant = self.meant(_ESCAPED.sub(r"\1", typed) if escaped else typed)
                places.append(Place(origins[start], origins[reached], spelling.word, meant or (spelling.known,)))
        return places

    def in_brackets(self, text: str) -> list[tuple[int, int, str]]:
        """Where the name of a file is typed with bare brackets, which weigh words, and how it must be written."""
        line, origins = _line(text)
        places = []
        for word in dict.fromkeys(word for each in self.known for word in each.files if _BRACKETS.search(word)):
            bare = folded(word)
            if (start := line.find(bare)) >= 0:
                places.append((origins[start], origins[start + len(bare)], _BRACKETS.sub(r"\\\g<0>", word)))
        return places

    @cached_property
    def _plain(self) -> list[_Spelling]:
        return self._spellings(lambda word: word)

    @cached_property
    def _escaped(self) -> list[_Spelling]:
        return self._spellings(lambda word: _BRACKETS.sub(r"\\\g<0>", word))

    def _spellings(self, typed: Callable[[str], str]) -> list[_Spelling]:
        """Every spelling of every name once, those that fit first and then the longest first."""
        spellings = {}
        for each in self.known:
            for word in (each.name, *each.aliases, *each.files):
                line = folded(typed(word))
                if line:
                    spellings[line] = _Spelling(line, _FIRST.match(line)[0], word, each)  # type: ignore[index]
        return sorted(spellings.values(), key=lambda one: (not self.fits(one.known), -len(one.folded)))

    def misspelt(self, text: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """Words that look like names (`EasyNegatve`, `bad-hand-5`) and nearly are one, with what may be meant."""
        words = []
        for word in list(_NAME_LIKE.finditer(text))[:_NEAR_WORDS]:
            if not self.meant(word[0]):
                near = self.near(word[0], cutoff=0.85, count=1)
                words += [(*word.span(), near)] if near else []
        return words


class _Spelling(NamedTuple):
    """One way to write a name: folded, its first word, the catalog's spelling, and one whom it may mean."""

    folded: str
    first: str
    word: str
    known: KnownName


def without_suffix(name: str) -> str:
    """The name of a weight file without the suffix that says what it is; other dots stay."""
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.lower().endswith(suffix)), name)


def folded(word: str) -> str:
    """What is equal for words that differ in case, in the width of blanks or in the form of accents alone."""
    return _line(word)[0].strip()


def _line(text: str) -> tuple[str, Sequence[int]]:
    """The text folded, and where each of its characters stood; behind the last stands the length of the text."""
    if text.isascii() and not _ODD_BLANK.search(text):
        return text.lower(), range(len(text) + 1)
    letters: list[str] = []
    origins: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = " " if match[0].isspace() else unicodedata.normalize("NFC", match[0]).lower()
        letters.append(piece)
        origins += [match.start()] * len(piece)
    return "".join(letters), [*origins, len(text)]


def _pairs(name: str) -> set[str]:
    return {first + second for first, second in pairwise(f" {name} ")}


def _longest_at(text: str, start: int, candidates: Sequence[_Spelling]) -> tuple[_Spelling, int] | None:
    """The first candidate that stands there as a whole word, and where it ends: also with the suffix of its file."""
    for spelling in candidates:
        if text.startswith(spelling.folded, start):
            end = start + len(spelling.folded)
            ends = [end + len(suffix) for suffix in SUFFIXES if text.startswith(suffix, end)]
            for reached in (*ends, end):
                if not re.match(r"\w", text[reached : reached + 1]):
                    return spelling, reached
    return None
