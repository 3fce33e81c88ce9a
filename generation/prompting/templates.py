"""Reads the syntax of sd-dynamic-prompts: where a text holds choices, wildcards and variables. It draws nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from generation.prompting.traced import Span, Traced

_LETTER = r"(?:[^\W_]|\*)"
_NAME = rf"{_LETTER}+(?:(?:_|[-./]+){_LETTER}+)*"
LIST_NAME = r"[^\W_]+(?:(?:_|[-./]+)[^\W_]+)*"
"""What a list may be called: words of letters and digits, with one underscore, hyphens, dots or slashes between."""

_WILDCARD = rf"__(?P<how>[@~!]?)(?P<name>{_NAME})(?:\((?P<values>[^(){{}}\n]*)\))?__"
_VARIABLE = r"\$\{\s*(?P<variable>[^\W\d]\w*)\s*(?P<does>=\s*!|=|:|(?=\}))"
_TOKEN = re.compile(
    rf"\\.|{_WILDCARD}|{_VARIABLE}|[{{}}|\[\]]"
    rf"|(?:[^\\{{}}|\[\]_$]+|\$(?!\{{)|_(?!_[@~!]?{_LETTER}))+|[\\_$]",
    re.DOTALL,
)
_HOW_MANY = re.compile(
    r"\s*(?P<how>[@~!]?)\s*(?:(?P<least>\d{0,6})(?P<range>-?)(?P<most>\d{0,6})\$\$(?:(?P<between>[^$|{}\[\]\\]*)\$\$)?)?"
)
_WEIGHT = re.compile(r"\s*(\d{1,6}\.?\d{0,6}|\.\d{1,6})::")


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """Something that stays as it is, or that may be meant otherwise than it is drawn; the codes are `diagnosis`'."""

    start: int
    end: int
    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`__name__`; `values` are those of `__name(key=value)__`. `in_turn`, `@`: one after the other, not by chance."""

    start: int
    end: int
    name: str
    in_turn: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice: its place, without the weight that stands before it, and its items."""

    place: Span
    weight: float
    items: tuple[Item, ...]

    @property
    def wildcard(self) -> Wildcard | None:
        """The list that is all of the option."""
        lone = self.items[0] if len(self.items) == 1 else None
        return lone if isinstance(lone, Wildcard) else None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`{a|b}`, one of its options; with a `separator`, as in `{1-2$$ and $$a|b}`, `least` to `most` (None: all)."""

    start: int
    end: int
    options: tuple[Option, ...]
    in_turn: bool = False
    separator: str | None = None
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Definition:
    """`${name=value}`, whose value is drawn anew wherever it is used; `at_once`, `${name=!value}`: drawn here."""

    start: int
    end: int
    name: str
    value: Span
    at_once: bool


@dataclass(frozen=True, slots=True)
class Use:
    """`${name}`, or `${name:default}`."""

    start: int
    end: int
    name: str
    default: str | None


Item = Span | Choice | Wildcard | Definition | Use


def weight_of(entry: str) -> tuple[str, float]:
    """A line of a list without the weight that stands before it, and that weight."""
    match = _WEIGHT.match(entry)
    return (entry[match.end() :], float(match[1])) if match else (entry, 1.0)


def read_items(source: Traced, faults: list[Unexpanded]) -> list[Item]:
    """The text as spans and what is drawn. Square brackets only keep their bars to themselves."""
    return _Reader(source, faults).row


@dataclass(slots=True)
class _Brace:
    opener: re.Match[str]
    first: int  # where its opener stands in the row of items
    cuts: list[int] = field(default_factory=list)

    @property
    def is_variable(self) -> bool:
        return self.opener["variable"] is not None


class _Reader:
    def __init__(self, source: Traced, faults: list[Unexpanded]) -> None:
        self.source = source
        self.faults = faults
        self.row: list[Item] = []
        self.braces: list[_Brace] = []
        for match in _TOKEN.finditer(source.text):
            self._take(match)
        for brace in self.braces:
            if brace.is_variable or brace.opener[0] == "{" and brace.cuts:
                self._tell(brace.opener.span(), "choice-unclosed")

    def _take(self, match: re.Match[str]) -> None:
        token = match[0]
        self.row.append(self._wildcard(match) if match["name"] else match.span())
        if token in ("{", "[") or match["variable"]:
            self.braces.append(_Brace(match, len(self.row) - 1))
        elif token == "|" and self.braces:
            self.braces[-1].cuts.append(len(self.row) - 1)
        elif token == "]" and self.braces and self.braces[-1].opener[0] == "[":
            self.braces.pop()
        elif token == "}":
            self._close()

    def _wildcard(self, match: re.Match[str]) -> Wildcard:
        pairs = [pair.partition("=") for pair in (match["values"] or "").split(",")]
        values = {key.strip(): value.strip() for key, equals, value in pairs if equals}
        self._tell_each(match["how"], match.span())
        return Wildcard(*match.span(), match["name"], match["how"] == "@", values)

    def _close(self) -> None:
        while self.braces and self.braces[-1].opener[0] == "[":
            self.braces.pop()
        if not self.braces:
            return
        brace = self.braces.pop()
        start, end = _place(self.row[brace.first])[0], _place(self.row[-1])[1]
        if brace.is_variable:
            self.row[brace.first :] = [self._variable(brace, start, end)]
            return
        how_many = _HOW_MANY.match(self.source.text, start + 1)
        counted = how_many is not None and how_many["range"] is not None
        if brace.cuts or counted:
            assert how_many is not None
            self.row[brace.first :] = [self._choice(brace, start, end, how_many, counted)]
        elif self.source.text[start + 1 : end - 1].strip():
            self._tell((start, end), "choice-single")

    def _variable(self, brace: _Brace, start: int, end: int) -> Item:
        name, does, value = brace.opener["variable"], brace.opener["does"], (brace.opener.end(), end - 1)
        if does.startswith("="):
            return Definition(start, end, name, value, does.endswith("!"))
        return Use(start, end, name, self.source.text[slice(*value)] if does else None)

    def _choice(self, brace: _Brace, start: int, end: int, how_many: re.Match[str], counted: bool) -> Choice:
        self._tell_each(how_many["how"], (start, start + 1))
        options = []
        places = [brace.first, *brace.cuts, len(self.row) - 1]
        for number, (left, right) in enumerate(pairwise(places)):
            first, last = _place(self.row[left])[1], _place(self.row[right])[0]
            first = max(first, how_many.end()) if number == 0 else first
            options.append(self._option(first, last, self.row[left + 1 : right]))
        if not any(option.weight for option in options):
            self._tell((start, end), "choice-weightless")
        if not counted:
            return Choice(start, end, tuple(options), how_many["how"] == "@")
        least, most = how_many["least"], how_many["most"]
        fewest = int(least or 1) if how_many["range"] else int(least or most or 1)
        largest = (int(most) if most else None) if how_many["range"] else fewest
        separator = ", " if how_many["between"] is None else how_many["between"]
        return Choice(start, end, tuple(options), how_many["how"] == "@", separator, fewest, largest)

    def _option(self, first: int, last: int, items: Sequence[Item]) -> Option:
        weight = _WEIGHT.match(self.source.text, first, last)
        first = weight.end() if weight else first
        if not self.source.text[first:last].strip():
            self._tell((first - 1, last + 1), "empty-alternative")
        kept = [
            (max(item[0], first), item[1]) if isinstance(item, tuple) else item
            for item in items
            if _place(item)[1] > first
        ]
        return Option((first, last), float(weight[1]) if weight else 1.0, tuple(kept))

    def _tell_each(self, how: str, place: Span) -> None:
        """`!` asks for one picture of each option, which is a grid's matter."""
        if how == "!":
            self._tell(place, "choice-of-all")

    def _tell(self, place: Span, code: str) -> None:
        self.faults.append(Unexpanded(*self.source.origin(*place), code))


def _place(item: Item) -> Span:
    return item if isinstance(item, tuple) else (item.start, item.end)
