"""What the inspection of a prompt tells: small frozen values, and their JSON. How they are found: `inspection`.

Places are characters (Unicode code points) of the text as it was typed, from `start` to before `end`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from generation.prompting.expansion import Draw
from generation.prompting.traced import Span

Severity = Literal["error", "warning"]
Status = Literal["found", "unknown", "wrong-family", "unchecked"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something at text[start:end] that is wrong (an error: refuse) or probably not meant (a warning: go on)."""

    start: int
    end: int
    code: str
    message: str
    severity: Severity
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the syntax tree. The tree is a row in reading order; a node's children follow it, one `depth` deeper.

    `kind` is "prompt", "switch", "alternation", "round" or "square"; `parts` are the places of what a switch shows
    before and after (or only after), or of an alternation's options; `last` is the last step before a switch.
    """

    kind: str
    start: int
    end: int
    depth: int
    parts: tuple[Span, ...] = ()
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What a prompt says at some calls of the UNet: `first_call` to `last_call`, counted from 0, both included.

    `last_call` below `first_call`: at none. `weights` are the parts of the text as `attention` gives them; they are
    None where a text has so many changes that not all were weighed. `tokens` and `chunks` need a tokenizer.
    """

    end_step: int
    first_call: int
    last_call: int
    text: str
    weights: tuple[tuple[str, float], ...] | None
    tokens: int | None
    chunks: int | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One of the prompts that AND joins, with its weight and what it says over the steps."""

    start: int
    end: int
    weight: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A LoRA tag or an embedding's name in the text. `kind` is "lora" or "embedding"; `name` is the catalog's if found.

    `weight` and `text_weight` are a tag's. `missing_triggers` are the trigger words that the text does not hold.
    """

    kind: str
    name: str
    start: int
    end: int
    status: Status
    family: str = ""
    weight: float | None = None
    text_weight: float | None = None
    trigger_words: tuple[str, ...] = ()
    missing_triggers: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightedSpan:
    """text[start:end] counts `weight` where it is first seen. What lies in no such span counts 1 or is syntax."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that can be said of a prompt before it is rendered. `expanded` is what is left after comments and draws."""

    text: str
    expanded: str
    steps: int
    prompts: tuple[Prompt, ...]
    tree: tuple[Node, ...]
    mentions: tuple[Mention, ...]
    spans: tuple[WeightedSpan, ...]
    breaks: tuple[Span, ...]
    draws: tuple[Draw, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def tokens(self) -> int | None:
        """The most tokens that the prompts need at any call together; None without a tokenizer."""
        return _most([segment.tokens for prompt in self.prompts for segment in prompt.segments])

    @property
    def chunks(self) -> int | None:
        return _most([segment.chunks for prompt in self.prompts for segment in prompt.segments])

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `json.dumps` takes; weights too large for a number are null."""
        rows = ("tree", "mentions", "spans", "draws", "problems")
        return {
            "text": self.text,
            "expanded": self.expanded,
            "steps": self.steps,
            "tokens": self.tokens,
            "chunks": self.chunks,
            "prompts": [_plain(prompt) | {"segments": list(map(_plain, prompt.segments))} for prompt in self.prompts],
            "breaks": _value(self.breaks),
            **{name: [_plain(row) for row in getattr(self, name)] for name in rows},
        }


def _most(counts: list[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _plain(row: Any) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in row.__slots__ if name != "segments"}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
