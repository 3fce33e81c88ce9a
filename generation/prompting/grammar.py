"""The schedule grammar: which brackets of a text are switches and alternations. What they say at a step: `schedule`.

The reference reads this language with an ambiguous Earley grammar; here one pass over the text with an explicit stack
gives the same reading in linear time, at any depth. A bracket is whole when all within it is whole and it has one of
these forms:

    (x)  (x:y)  [x]                  attention: text here, weighted later
    [to:when]  [from:to:when]        a switch; `when` is a number
    [a|b|...]                        an alternation; options may be empty

Any other bracket is plain text, and so is every bracket around it. A bar outside an alternation or a lone backslash
has no reading at all: then the whole text is literal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

# A line break after a backslash is no escape in the reference either.
_TOKEN = re.compile(r"(?:[^\\\[\]():|]+|\\[^\n])+|[\\\[\]():|]")
_WHEN = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*")
_SIGNS = frozenset("()[]:|\\")
_OPENER = {")": "(", "]": "["}
_EMPHASIS = {"(": ("", ":"), "[": ("",)}  # what may separate the parts of attention brackets

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """`[before:after:when]`: `before` up to and including step `last`, then `after`.

    `edges` are the places of the brackets and of the colons between them.
    """

    edges: tuple[int, ...]
    before: Items
    after: Items
    last: int

    def at(self, step: int) -> Items:
        return self.before if step <= self.last else self.after


@dataclass(frozen=True, slots=True, eq=False)
class Alternation:
    """`[a|b|...]`: another option at every step, the first at step 1. `edges`: the places of the brackets and bars."""

    edges: tuple[int, ...]
    options: tuple[Items, ...]

    def at(self, step: int) -> Items:
        return self.options[(step - 1) % len(self.options)]


Unit = Switch | Alternation
Items = tuple[Span | Unit, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Square brackets at text[start:end] that look like a switch or an alternation and are none; `reason` says why.

    "when": the last part is no number. "parts": too many colons. "mixed": bars and colons. "inner": a bracket within is
    not whole. For "when", text[part_start:end - 1] is what is no number.
    """

    start: int
    end: int
    part_start: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A text read for some number of steps. `literal_at` is the place that made all of it literal, if any."""

    text: str
    items: Items
    units: tuple[Unit, ...]
    emphases: tuple[Span, ...]
    rejected: tuple[Rejected, ...]
    literal_at: int | None

    def spans_at(self, step: int) -> list[Span]:
        """The parts of the text that are visible at `step` (from 1), in order."""
        spans: list[Span] = []
        ahead: list[Span | Unit] = list(self.items[::-1])
        while ahead:
            item = ahead.pop()
            if type(item) is tuple:
                spans.append(item)
            else:
                ahead += item.at(step)[::-1]  # type: ignore[union-attr]  # mypy narrows no union by `type(...) is`
        return spans

    def text_of(self, spans: list[Span]) -> str:
        return "".join([self.text[start:end] for start, end in spans])


def parse(text: str, steps: int, passed: int = 0) -> Script:
    """Read `text` for `steps` steps that come after `passed` of a first pass; every text has a reading."""
    reader = _Reader(text, steps, passed)
    for token in _TOKEN.finditer(text):
        reader.take(token.span())
    return reader.script()


@dataclass(slots=True)
class _Bracket:
    kind: str
    position: int
    first: int  # where its contents begin in the reader's row of items
    cuts: list[int] = field(default_factory=list)  # where its separators stand in that row
    cut_positions: list[int] = field(default_factory=list)  # and in the text
    separators: str = ""
    whole: bool = True


class _Reader:
    """The row of items read so far, and the brackets still open in it.

    A bracket that turns out to be a unit takes its items out of the row; any other leaves them where they are, as text.
    """

    def __init__(self, text: str, steps: int, passed: int) -> None:
        self.text = text
        self.steps = steps
        self.passed = passed
        self.row: list[Span | Unit] = []
        self.open: list[_Bracket] = []
        self.units: list[Unit] = []
        self.emphases: list[Span] = []
        self.rejected: list[Rejected] = []
        self.loose_bars: set[int] = set()
        self.lone_backslash: int | None = None

    def take(self, span: Span) -> None:
        self.row.append(span)
        start, end = span
        sign = self.text[start]
        if end - start > 1 or sign not in _SIGNS:
            return
        if sign in "([":
            self.open.append(_Bracket(sign, start, len(self.row)))
        elif sign in ")]":
            self._close(sign, end)
        elif sign in ":|":
            self._separate(sign, start)
        elif self.lone_backslash is None:
            self.lone_backslash = start

    def script(self) -> Script:
        literal_at = min(self.loose_bars, default=self.lone_backslash)
        if self.lone_backslash is not None and literal_at is not None:
            literal_at = min(literal_at, self.lone_backslash)
        items = _joined(self.row) if literal_at is None else ((0, len(self.text)),)
        readings = tuple(self.units), tuple(self.emphases), tuple(self.rejected)
        return Script(self.text, items, *readings, literal_at)

    def _separate(self, token: str, position: int) -> None:
        if token == "|":
            self.loose_bars.add(position)
        if self.open:
            self.open[-1].cuts.append(len(self.row) - 1)
            self.open[-1].cut_positions.append(position)
            self.open[-1].separators += token

    def _close(self, token: str, end: int) -> None:
        if not self.open or self.open[-1].kind != _OPENER[token]:
            self.open.clear()  # whatever is open would have to hold this stray closer
            return
        bracket = self.open.pop()
        unit = self._unit(bracket, end)
        if unit:
            self.row[bracket.first - 1 :] = [unit]
            self.units.append(unit)
        elif bracket.whole and bracket.separators in _EMPHASIS[bracket.kind]:
            self.emphases.append((bracket.position, end))
        else:
            self._reject(bracket, end)

    def _unit(self, bracket: _Bracket, end: int) -> Unit | None:
        if bracket.kind != "[" or not bracket.whole or not bracket.separators:
            return None
        places = [bracket.first - 1, *bracket.cuts, len(self.row) - 1]
        parts = [self.row[left + 1 : right] for left, right in pairwise(places)]
        edges = (bracket.position, *bracket.cut_positions, end - 1)
        if ":" not in bracket.separators:
            self.loose_bars.difference_update(bracket.cut_positions)
            return Alternation(edges, tuple(map(_joined, parts)))
        last = self._last_step(parts[-1])
        if last is None or bracket.separators not in (":", "::"):
            return None
        before = _joined(parts[-3]) if len(parts) == 3 else ()
        return Switch(edges, before, _joined(parts[-2]), last)

    def _reject(self, bracket: _Bracket, end: int) -> None:
        if self.open:
            self.open[-1].whole = False
        if bracket.kind == "[" and bracket.separators:
            part_start = bracket.cut_positions[-1] + 1
            self.rejected.append(Rejected(bracket.position, end, part_start, _reason(bracket)))

    def _last_step(self, part: list[Span | Unit]) -> int | None:
        if len(part) != 1 or not isinstance(part[0], tuple):
            return None
        match = _WHEN.fullmatch(self.text, *part[0])
        return step_of(match[1], self.steps, self.passed) if match else None


def step_of(when: str, steps: int, passed: int = 0) -> int:
    """The step that `when` names: with a "." a fraction of `steps`, else a step; cut off, and clamped to 0..`steps`.

    In a second pass, as A1111 has it, steps are counted from the first pass's, and fractions lie above 1.
    """
    value = (float(when) - bool(passed)) * steps if "." in when else float(when) - passed
    return int(min(max(value, 0.0), float(steps)))


def _reason(bracket: _Bracket) -> str:
    if not bracket.whole:
        return "inner"
    if len(set(bracket.separators)) > 1:
        return "mixed"
    return "when" if len(bracket.separators) <= 2 else "parts"


def _joined(items: list[Span | Unit]) -> Items:
    """`items` with neighbouring spans made one."""
    joined: list[Span | Unit] = []
    for item in items:
        before = joined[-1] if joined else None
        if isinstance(item, tuple) and isinstance(before, tuple) and before[1] == item[0]:
            joined[-1] = (before[0], item[1])
        else:
            joined.append(item)
    return tuple(joined)
