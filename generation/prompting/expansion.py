"""What is settled once, when a recipe is submitted: `# comments`, `{a|b|c}` choices and `__name__` wildcards.

Comments go first, before anything else is read; a seed decides what is drawn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from generation.prompting.traced import Span, Traced, joined

MAX_CHARACTERS = 4_000
MAX_DRAWS = 300
MAX_DEPTH = 10

_NAME = r"[^\W_]+(?:(?:_|[-./]+)[^\W_]+)*"
_COMMENT = re.compile(r"^[^\S\n]*#[^\n]*(?:\n|\Z)|#[^\n]*", re.MULTILINE)
_TOKEN = re.compile(rf"\\.|[{{}}|\[\]]|__({_NAME})__|(?:[^\\{{}}|\[\]_]+|_(?!_{_NAME}__))+|\\", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn at text[start:end]: option `picked` of `options`. `name` is the wildcard's; a choice has none."""

    start: int
    end: int
    name: str
    options: int
    picked: int


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """Something that stays as it is. Codes: "wildcard-unknown", "wildcard-empty", "expansion-limit", "choice-unclosed".

    One does not: an "empty-alternative" may be drawn all the same.
    """

    start: int
    end: int
    code: str
    name: str = ""


@dataclass(slots=True)
class Expansion:
    """A text with its choices and wildcards drawn, the draws, and what was not drawn. Places are the original's."""

    text: Traced
    draws: list[Draw] = field(default_factory=list)
    faults: list[Unexpanded] = field(default_factory=list)


def strip_comments(text: str) -> str:
    """`text` without its comments, from the sign to the end of the line; a line that holds nothing else goes whole."""
    return _COMMENT.sub("", text)


def comment_spans(text: str) -> list[Span]:
    """Where `strip_comments` cuts."""
    return [match.span() for match in _COMMENT.finditer(text)]


def expand(text: str, seed: int, wildcards: Mapping[str, Sequence[str]]) -> str:
    """`text` with one option of every `{a|b|c}` and one entry of every `__name__` list in its place.

    The same text, seed and lists give the same result on every machine. Options and entries may hold more of both.
    Unknown and empty lists stay literal, as do braces without a bar, escaped braces, and lists that lead on for more
    than 10 levels, 300 draws or 4,000 characters. A bar in square brackets is an alternation's: `{[a|b]|c}` has two
    options.
    """
    return draw(Traced.typed(text), seed, wildcards).text.text


def draw(text: Traced, seed: int, wildcards: Mapping[str, Sequence[str]] | None) -> Expansion:
    """Expand a traced text and tell how. Without lists (None) wildcards stay as they are, without complaint."""
    if "{" not in text.text and "__" not in text.text:
        return Expansion(text)
    return _Drawing(text, seed, wildcards).expansion


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    start: int
    end: int
    options: tuple[tuple[_Item, ...], ...]


@dataclass(frozen=True, slots=True)
class _Wildcard:
    start: int
    end: int
    name: str


_Item = Span | _Choice | _Wildcard


class _Drawing:
    """Walks the items of a text with an explicit stack, drawing as it goes."""

    def __init__(self, text: Traced, seed: int, wildcards: Mapping[str, Sequence[str]] | None) -> None:
        self.seed = seed
        self.wildcards = wildcards
        self.drawn = 0
        self.entered = 0
        self.length = 0
        self.parts: list[Traced] = []
        self.expansion = Expansion(text)
        self.ahead: list[tuple[Traced, _Item, int]] = []
        self._push(text, _items(text, self.expansion.faults), 0)
        while self.ahead:
            self._take(*self.ahead.pop())
        self.expansion.text = joined(self.parts, text.close)
        self.expansion.faults = list(dict.fromkeys(self.expansion.faults))

    def _push(self, source: Traced, items: Sequence[_Item], depth: int) -> None:
        self.ahead += [(source, item, depth) for item in _merged(items)[::-1]]

    def _take(self, source: Traced, item: _Item, depth: int) -> None:
        if isinstance(item, _Choice):
            picked = self._pick(len(item.options))
            if depth == 0:
                self._note(source, item, "", len(item.options), picked)
            self._push(source, item.options[picked], depth)
        elif isinstance(item, _Wildcard):
            self._enter(source, item, depth)
        else:
            self._keep(source, item)

    def _enter(self, source: Traced, item: _Wildcard, depth: int) -> None:
        entries = self.wildcards.get(item.name) if self.wildcards is not None else None
        if not entries:
            self._refuse(source, item, "wildcard-unknown" if entries is None else "wildcard-empty")
            return
        if depth >= MAX_DEPTH or self.entered >= MAX_DRAWS or self.length > MAX_CHARACTERS:
            self._refuse(source, item, "expansion-limit")
            return
        self.entered += 1
        picked = self._pick(len(entries))
        origin = source.origin(item.start, item.end)
        if depth == 0:
            self._note(source, item, item.name, len(entries), picked)
        entry = Traced.drawn(entries[picked], origin)
        self._push(entry, _items(entry, []), depth + 1)

    def _refuse(self, source: Traced, item: _Wildcard, code: str) -> None:
        if self.wildcards is not None:
            self.expansion.faults.append(Unexpanded(*source.origin(item.start, item.end), code, item.name))
        self._keep(source, (item.start, item.end))

    def _keep(self, source: Traced, span: Span) -> None:
        self.length += span[1] - span[0]
        self.parts.append(source.part(*span))

    def _note(self, source: Traced, item: _Choice | _Wildcard, name: str, options: int, picked: int) -> None:
        self.expansion.draws.append(Draw(*source.origin(item.start, item.end), name, options, picked))

    def _pick(self, options: int) -> int:
        """A number below `options`. A hash, since `random` promises no equal results between versions of Python."""
        self.drawn += 1
        digest = hashlib.sha256(f"{self.seed}:{self.drawn}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % options


@dataclass(slots=True)
class _Brace:
    kind: str
    first: int  # where its opener stands in the row of items
    cuts: list[int] = field(default_factory=list)


def _items(source: Traced, faults: list[Unexpanded]) -> list[_Item]:
    """The text as spans, choices and wildcards. Square brackets only keep their bars to themselves."""
    row: list[_Item] = []
    braces: list[_Brace] = []
    for match in _TOKEN.finditer(source.text):
        token, span = match[0], match.span()
        row.append(_Wildcard(*span, match[1]) if match[1] else span)
        if token in "{[":
            braces.append(_Brace(token, len(row) - 1))
        elif token == "|" and braces:
            braces[-1].cuts.append(len(row) - 1)
        elif token == "]" and braces and braces[-1].kind == "[":
            braces.pop()
        elif token == "}":
            _close(row, braces, source, faults)
    for brace in braces:
        if brace.kind == "{" and brace.cuts:
            faults.append(Unexpanded(*source.origin(*_place(row[brace.first])), "choice-unclosed"))
    return row


def _close(row: list[_Item], braces: list[_Brace], source: Traced, faults: list[Unexpanded]) -> None:
    while braces and braces[-1].kind == "[":
        braces.pop()
    if not braces or not braces[-1].cuts:
        del braces[-1:]
        return
    brace = braces.pop()
    places = [brace.first, *brace.cuts, len(row) - 1]
    options = []
    for left, right in pairwise(places):
        options.append(tuple(row[left + 1 : right]))
        start, end = _place(row[left])[1], _place(row[right])[0]
        if not source.text[start:end].strip():
            faults.append(Unexpanded(*source.origin(start - 1, end + 1), "empty-alternative"))
    row[brace.first :] = [_Choice(_place(row[brace.first])[0], _place(row[-1])[1], tuple(options))]


def _place(item: _Item) -> Span:
    return item if isinstance(item, tuple) else (item.start, item.end)


def _merged(items: Sequence[_Item]) -> list[_Item]:
    """`items` with neighbouring spans made one."""
    merged: list[_Item] = []
    for item in items:
        before = merged[-1] if merged else None
        if isinstance(item, tuple) and isinstance(before, tuple) and before[1] == item[0]:
            merged[-1] = (before[0], item[1])
        else:
            merged.append(item)
    return merged
