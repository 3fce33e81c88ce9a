"""What is settled once, when a recipe is submitted: `# comments`, choices, `__name__` wildcards and `${variables}`.

The syntax is that of sd-dynamic-prompts, read by `templates`. Comments go first; a seed decides what is drawn.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import accumulate

from generation.prompting.templates import Choice, Definition, Item, Unexpanded, Use, Wildcard, read_items, weight_of
from generation.prompting.traced import Span, Traced, joined

MAX_CHARACTERS = 4_000
MAX_DRAWS = 300
MAX_DEPTH = 10

_COMMENT = re.compile(r"^[^\S\n]*#[^\n]*(?:\n|\Z)|#[^\n]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn at text[start:end]: option `picked` of `options`. `name` is the wildcard's; a choice has none."""

    start: int
    end: int
    name: str
    options: int
    picked: int


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
    """`text` with something drawn for every `{a|b|c}`, every `__name__` list and every `${variable}`.

    The same text, seed and lists give the same result on every machine. Options and entries may hold more of them.
    Unknown and empty lists stay literal, as do braces without a bar, escaped braces, and lists that lead on for more
    than 10 levels, 300 draws or 4,000 characters. A bar in square brackets is an alternation's: `{[a|b]|c}` has two
    options.
    """
    return draw(Traced.typed(text), seed, wildcards).text.text


def draw(text: Traced, seed: int, wildcards: Mapping[str, Sequence[str]] | None) -> Expansion:
    """Expand a traced text and tell how. Without lists (None) wildcards stay as they are, without complaint."""
    if "{" not in text.text and "__" not in text.text:
        return Expansion(text)
    return _Drawing(seed, wildcards).expansion(text)


@dataclass(frozen=True, slots=True)
class _EndOfScope:
    """Here the parameters of a wildcard end: variables are what they were before it."""

    variables: Mapping[str, str]


_Ahead = tuple[Traced, Item | _EndOfScope, int]


class _Drawing:
    """Walks the items of a text with an explicit stack, drawing as it goes."""

    def __init__(self, seed: int, wildcards: Mapping[str, Sequence[str]] | None) -> None:
        self.seed = seed
        self.wildcards = wildcards
        self.variables: Mapping[str, str] = {}
        self.drawn = 0
        self.entered = 0
        self.length = 0
        self.parts: list[Traced] = []
        self.draws: list[Draw] = []
        self.faults: list[Unexpanded] = []
        self.ahead: list[_Ahead] = []

    def expansion(self, text: Traced) -> Expansion:
        whole = self.run(text, 0)
        return Expansion(whole, self.draws, list(dict.fromkeys(self.faults)))

    def run(self, text: Traced, depth: int) -> Traced:
        """Everything that a text becomes. Called again, one level deeper, for a value that is settled at once."""
        before = self.parts, self.ahead
        self.parts, self.ahead = [], []
        self._push(text, read_items(text, self.faults), depth)
        while self.ahead:
            self._take(*self.ahead.pop())
        whole = joined(self.parts, text.close)
        self.parts, self.ahead = before
        return whole

    def _push(self, source: Traced, items: Sequence[Item], depth: int) -> None:
        self.ahead += [(source, item, depth) for item in _merged(items)[::-1]]

    def _push_drawn(self, texts: Sequence[str], origin: Span, depth: int) -> None:
        """Texts that stand for the part `origin` of the original; what is odd in them is not told again."""
        for text in reversed(texts):
            entry = Traced.drawn(text, origin)
            self._push(entry, read_items(entry, []), depth)

    def _take(self, source: Traced, item: Item | _EndOfScope, depth: int) -> None:
        if isinstance(item, Choice):
            self._choose(source, item, depth)
        elif isinstance(item, Wildcard):
            self._enter(source, item, depth)
        elif isinstance(item, Definition):
            self._define(source, item, depth)
        elif isinstance(item, Use):
            self._use(source, item, depth)
        elif isinstance(item, _EndOfScope):
            self.variables = item.variables
        else:
            self._keep(source, item)

    def _choose(self, source: Traced, item: Choice, depth: int) -> None:
        origin = source.origin(item.start, item.end)
        lone = item.options[0].wildcard if len(item.options) == 1 else None
        entries = self._entries(lone) if lone else None
        if lone and not entries:
            self._enter(source, lone, depth)
            return
        texts = [weight_of(entry) for entry in entries or ()]
        weights = [weight for _, weight in texts] if texts else [option.weight for option in item.options]
        picked = self._pick_several(item, weights)
        if depth == 0:
            self.draws.append(Draw(*origin, "", len(weights), picked[0] if picked else 0))
        if item.separator is None:
            self._push(source, item.options[picked[0]].items, depth)
            return
        options = [text for text, _ in texts] or [source.text[slice(*option.place)] for option in item.options]
        several = [part for number in picked for part in (item.separator, options[number])][1:]
        self._push_drawn(several, origin, depth + 1)

    def _pick_several(self, item: Choice, weights: Sequence[float]) -> list[int]:
        """The numbers of as many options as the choice says, none twice, in the order in which they were drawn."""
        if item.separator is None:
            return [self._pick(weights, in_turn=item.in_turn)]
        least, most = (min(bound, len(weights)) for bound in (item.least, item.most or len(weights)))
        least, most = sorted((least, most))
        count = least + (self._pick([1.0] * (most - least + 1)) if most > least else 0)
        left = list(range(len(weights)))
        return [left.pop(self._pick([weights[number] for number in left], in_turn=item.in_turn)) for _ in range(count)]

    def _entries(self, wildcard: Wildcard) -> Sequence[str] | None:
        """The lines of a list, or of all lists that a name with asterisks matches; None where there is none."""
        if self.wildcards is None:
            return None
        if "*" not in wildcard.name:
            return self.wildcards.get(wildcard.name)
        matching = [name for name in sorted(self.wildcards) if fnmatchcase(name, wildcard.name)]
        return [line for name in matching for line in self.wildcards[name]] if matching else None

    def _enter(self, source: Traced, item: Wildcard, depth: int) -> None:
        entries = self._entries(item)
        if not entries:
            self._refuse(source, item, "wildcard-unknown" if entries is None else "wildcard-empty")
            return
        if self._too_much(depth):
            self._refuse(source, item, "expansion-limit")
            return
        texts = [weight_of(entry) for entry in entries]
        picked = self._pick([weight for _, weight in texts], in_turn=item.in_turn)
        origin = source.origin(item.start, item.end)
        if depth == 0:
            self.draws.append(Draw(*origin, item.name, len(entries), picked))
        if item.values:
            self.ahead.append((source, _EndOfScope(self.variables), depth))
            self.variables = {**self.variables, **item.values}
        self._push_drawn([texts[picked][0]], origin, depth + 1)

    def _define(self, source: Traced, item: Definition, depth: int) -> None:
        value = source.part(*item.value)
        if item.at_once and depth >= MAX_DEPTH:
            self._refuse(source, item, "variable-limit")
            return
        text = self.run(value, depth + 1).text if item.at_once else value.text
        self.variables = {**self.variables, item.name: text}

    def _use(self, source: Traced, item: Use, depth: int) -> None:
        value = self.variables.get(item.name, item.default)
        if value is None:
            self._refuse(source, item, "variable-unknown")
        elif self._too_much(depth):
            self._refuse(source, item, "variable-limit")
        else:
            self._push_drawn([value], source.origin(item.start, item.end), depth + 1)

    def _too_much(self, depth: int) -> bool:
        self.entered += 1
        return depth >= MAX_DEPTH or self.entered > MAX_DRAWS or self.length > MAX_CHARACTERS

    def _refuse(self, source: Traced, item: Wildcard | Definition | Use, code: str) -> None:
        if self.wildcards is not None or not isinstance(item, Wildcard):
            self.faults.append(Unexpanded(*source.origin(item.start, item.end), code, item.name))
        self._keep(source, (item.start, item.end))

    def _keep(self, source: Traced, span: Span) -> None:
        self.length += span[1] - span[0]
        self.parts.append(source.part(*span))

    def _pick(self, weights: Sequence[float], *, in_turn: bool = False) -> int:
        """A number below that of the weights: by chance, or in turn as seeds count up.

        A hash, since `random` promises no equal results between versions of Python.
        """
        self.drawn += 1
        if in_turn:
            return self.seed % len(weights)
        digest = hashlib.sha256(f"{self.seed}:{self.drawn}".encode()).digest()
        number = int.from_bytes(digest[:8], "big")
        reached = list(accumulate(weights))
        if len(set(weights)) == 1 or not reached[-1]:
            return number % len(weights)
        return min(bisect_right(reached, number / 2**64 * reached[-1]), len(weights) - 1)


def _merged(items: Sequence[Item]) -> list[Item]:
    """`items` with neighbouring spans made one."""
    merged: list[Item] = []
    for item in items:
        before = merged[-1] if merged else None
        if isinstance(item, tuple) and isinstance(before, tuple) and before[1] == item[0]:
            merged[-1] = (before[0], item[1])
        else:
            merged.append(item)
    return merged
