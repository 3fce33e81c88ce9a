"""An inspection as the Create page shows it: marks, chips, a strip of steps, counts. It decides nothing."""

from __future__ import annotations

import json
import math
import os.path
from dataclasses import dataclass

from generation.catalog.inspecting import Inspected
from generation.models.catalog import FAMILY_TITLES
from generation.prompting import Inspection
from generation.prompting.report import Mention, Prompt, Segment

STRONGER = (1.0, 1.15, 1.3, 1.5, 1.8)
WEAKER = (1.0, 0.9, 0.6)
PARTS_SHOWN = 12
RANGES_SHOWN = 4
WEIGHTS_SHOWN = 12
SHARED_SHOWN = 12
CHUNKS_DRAWN = 8
SIGN_OF = {"error": "bad", "warning": "odd"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A LoRA or embedding that the text names. `trouble` says in a few words what is wrong with it."""

    mention: Mention
    trouble: str

    @property
    def kind(self) -> str:
        return "LoRA" if self.mention.kind == "lora" else "Embedding"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the strip: `width` of the strip's steps from `x`, both in calls; `shade` tells its text apart."""

    x: int
    width: int
    shade: int


@dataclass(frozen=True, slots=True)
class ScheduledText:
    """One text of a schedule, its shade in the strip, and the steps that say it."""

    shade: int
    steps: str
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    """What a scheduled prompt says over its steps."""

    length: int
    stretches: list[Stretch]
    parts: list[ScheduledText]
    left_out: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the token count: its place in the drawing and how much of it is filled, of 40."""

    x: int
    filled: float


@dataclass(frozen=True, slots=True)
class InspectionView:
    """One of the two prompts, for `generation/inspection.html`."""

    field: str
    inspection: Inspection
    steps: int
    chunk_tokens: int
    scheduled: bool
    """Whether it is known at which steps the parts of a changing prompt are drawn."""

    @property
    def marks(self) -> str:
        """JSON rows of start, end (characters) and class, for the script that paints them under the text."""
        rows = [(span.start, span.end, level(span.weight)) for span in self.inspection.spans]
        rows += [(start, end, "break") for start, end in self.inspection.breaks]
        rows += [(each.start, each.end, "name") for each in self.inspection.mentions if each.status == "found"]
        rows += [(draw.start, draw.end, "draw") for draw in self.inspection.draws]
        rows += [(each.start, each.end, SIGN_OF[each.severity]) for each in self.inspection.problems]
        return json.dumps(rows)

    @property
    def chips(self) -> list[Chip]:
        unique = {(each.kind, each.name, each.weight, each.status): each for each in self.inspection.mentions}
        return [Chip(mention, trouble(mention)) for mention in unique.values()]

    @property
    def strips(self) -> list[Strip]:
        prompts = self.inspection.prompts if self.scheduled else ()
        return [strip for prompt in prompts if (strip := strip_of(prompt, self.steps))]

    @property
    def weights(self) -> list[tuple[str, float]]:
        """The texts that count more or less than others, with their weights."""
        weighed = [
            (self.inspection.text[span.start : span.end].strip(" ,"), span.weight) for span in self.inspection.spans
        ]
        return [row for row in dict.fromkeys(weighed) if row[0]][:WEIGHTS_SHOWN]

    @property
    def counted(self) -> str:
        """“23 of 75 tokens”: how many there are, and how many fit the chunks in use."""
        chunks = self.inspection.chunks or 1
        count = f"{self.inspection.tokens} of {chunks * self.chunk_tokens} tokens"
        return f"{count}, {chunks} chunks" if chunks > 1 else count

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks, filled one after another; of very long texts the first few."""
        tokens = self.inspection.tokens or 0
        filled = [min(1.0, max(0.0, tokens / self.chunk_tokens - n)) for n in range(self.inspection.chunks or 1)]
        return [Chunk(44 * n, 40 * part) for n, part in enumerate(filled[:CHUNKS_DRAWN])]

    @property
    def drawn_width(self) -> int:
        return 44 * len(self.chunks) - 4

    @property
    def draws(self) -> list[tuple[str, int]]:
        """What will be drawn by chance: a wildcard's name or the choice as it was typed, and of how many."""
        text = self.inspection.text
        return [
            (f"__{each.name}__" if each.name else text[each.start : each.end], each.options)
            for each in self.inspection.draws
        ]


def inspections_of(inspected: Inspected, scheduled: bool) -> list[InspectionView]:
    pairs = (("prompt", inspected.prompt), ("negative_prompt", inspected.negative))
    return [
        InspectionView(field, inspection, inspected.steps, inspected.chunk_tokens, scheduled)
        for field, inspection in pairs
    ]


def level(weight: float) -> str:
    """The class of a weight: w-1 to w-5 for more than 1, less-1 to less-3 for less."""
    if not math.isfinite(weight) or weight > 1:
        return f"w-{sum(weight > bound for bound in STRONGER) or 1}"
    return f"less-{sum(weight < bound for bound in WEAKER) or 1}"


def trouble(mention: Mention) -> str:
    if mention.status == "unknown":
        return "not found"
    if mention.status == "wrong-family":
        return f"wrong family: made for {FAMILY_TITLES.get(mention.family, mention.family)}"
    return ""


def strip_of(prompt: Prompt, steps: int) -> Strip | None:
    """The strip of a prompt that changes on its way; None for one that stays the same."""
    segments = [segment for segment in prompt.segments if segment.last_call >= segment.first_call]
    texts = list(dict.fromkeys(segment.text for segment in segments))
    if len(texts) < 2:
        return None
    calls = segments[-1].last_call + 1
    stretches = [
        Stretch(each.first_call, each.last_call - each.first_call + 1, texts.index(each.text) % 4) for each in segments
    ]
    texts_shown = [" ".join(text.split()).strip(" ,") for text in texts[:PARTS_SHOWN]]
    shared = os.path.commonprefix(texts_shown).rfind(" ") + 1
    if shared > SHARED_SHOWN:  # a line has room for little, so a long beginning that all of them share is left out
        texts_shown = [f"… {text[shared:]}" for text in texts_shown]
    parts = [
        ScheduledText(
            n % 4, step_ranges([each for each in segments if each.text == text], calls, steps), texts_shown[n]
        )
        for n, text in enumerate(texts[:PARTS_SHOWN])
    ]
    return Strip(calls, stretches, parts, max(0, len(texts) - PARTS_SHOWN))


def step_ranges(segments: list[Segment], calls: int, steps: int) -> str:
    """The steps of these segments as people count them: “1–10”, “1, 3, 5, 7 …”."""
    steps_said = ((each.first_call * steps // calls + 1, each.last_call * steps // calls + 1) for each in segments)
    ranges = list(dict.fromkeys(steps_said))
    text = ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in ranges[:RANGES_SHOWN])
    return f"{text} …" if len(ranges) > RANGES_SHOWN else text
