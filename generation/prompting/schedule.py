"""What a prompt says at every step: `[from:to:when]` and `[a|b]` resolved. How the brackets are read: `grammar`."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from generation.prompting.grammar import Alternation, Script, Span, Switch, parse


def schedule(text: str, steps: int, passed: int = 0) -> list[tuple[int, str]]:
    """The texts of a prompt over `steps` (1 or more) steps as (last step, text), ascending; the last ends at `steps`.

    Those of a second pass come after the `passed` steps of the first.

    Any text has a result; what is no schedule stays literal. Neighbours may have the same text.
    Behaviour: A1111 from 1.6 on. For second-order samplers `steps` counts calls of the UNet.
    """
    script = parse(text, steps, passed)
    return [(end, script.text_of(spans)) for end, spans in segments(script, steps)]


def segment_at(segments: Sequence[tuple[int, object]], call: int) -> int:
    """Which segment the UNet call number `call` (from 0) uses: the first that ends at or after it.

    The count starts at 0, as in the reference, so that `[cat:dog:10]` says "cat" at 11 calls.
    """
    return min(bisect_left(segments, call, key=lambda segment: segment[0]), len(segments) - 1)


def segments(script: Script, steps: int) -> list[tuple[int, list[Span]]]:
    """The segments as (last step, visible spans). Segments that must say the same share one list."""
    period = math.lcm(*(len(unit.options) for unit in script.units if isinstance(unit, Alternation)))
    lasts = sorted(unit.last for unit in script.units if isinstance(unit, Switch))
    known: dict[tuple[int, int], list[Span]] = {}
    timeline = []
    for end in _end_steps(script, steps):
        state = (end % period, bisect_left(lasts, end))
        if state not in known:
            known[state] = script.spans_at(end)
        timeline.append((end, known[state]))
    return timeline


def _end_steps(script: Script, steps: int) -> list[int]:
    if steps < 1:
        raise ValueError("A schedule needs at least one step.")
    if script.literal_at is not None:
        return [steps]
    if any(isinstance(unit, Alternation) for unit in script.units):
        return list(range(1, steps + 1))
    ends = {unit.last for unit in script.units if isinstance(unit, Switch) and unit.last >= 1}
    return sorted(ends | {steps})
