"""What a prompt says at every step: `[from:to:when]` and `[a|b]` resolved. How the brackets are read: `grammar`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from generation.prompting.grammar import Alternation, Script, Switch, parse


def schedule(text: str, steps: int) -> list[tuple[int, str]]:
    """The texts of a prompt over `steps` (1 or more) steps as (last step, text), ascending; the last ends at `steps`.

    Any text has a result; what is no schedule stays literal. Neighbours may have the same text.
    Behaviour: A1111 from 1.6 on. For second-order samplers `steps` counts calls of the UNet.
    """
    script = parse(text, steps)
    return [(end, script.text_at(end)) for end in end_steps(script, steps)]


def segment_at(segments: Sequence[tuple[int, str]], call: int) -> int:
    """Which segment the UNet call number `call` (from 0) uses: the first that ends at or after it.

    The count starts at 0, as in the reference, so that `[cat:dog:10]` says "cat" at 11 calls.
    """
    return min(bisect_left(segments, call, key=lambda segment: segment[0]), len(segments) - 1)


def end_steps(script: Script, steps: int) -> list[int]:
    """The last steps of the segments, ascending."""
    if steps < 1:
        raise ValueError("A schedule needs at least one step.")
    if script.literal_at is not None:
        return [steps]
    if any(isinstance(unit, Alternation) for unit in script.units):
        return list(range(1, steps + 1))
    ends = {unit.last for unit in script.units if isinstance(unit, Switch) and unit.last >= 1}
    return sorted(ends | {steps})
