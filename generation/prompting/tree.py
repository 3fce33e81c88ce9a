"""The syntax tree of one prompt, as a row of nodes in reading order."""

from __future__ import annotations

from collections.abc import Iterator

from generation.prompting.grammar import Script, Switch
from generation.prompting.report import Node
from generation.prompting.traced import Traced

_KINDS = {"(": "round", "[": "square"}


def tree(script: Script, source: Traced) -> list[Node]:
    """The nodes of a prompt, the prompt itself first. Where a prompt is literal its schedules are no nodes."""
    nodes = sorted(_nodes(script, source), key=lambda node: (node[1], -node[2]))
    row: list[Node] = []
    ends: list[int] = []
    for kind, start, end, edges, last in nodes:
        while ends and ends[-1] <= start:
            ends.pop()
        parts = tuple(source.origin(left + 1, right) for left, right in zip(edges, edges[1:], strict=False))
        row.append(Node(kind, *source.origin(start, end), len(ends), parts, last))
        ends.append(end)
    return row


_Found = tuple[str, int, int, tuple[int, ...], int | None]


def _nodes(script: Script, source: Traced) -> Iterator[_Found]:
    yield "prompt", 0, len(source.text), (), None
    for start, end in script.emphases:
        yield _KINDS[source.text[start]], start, end, (), None
    for unit in script.units if script.literal_at is None else ():
        start, end = unit.edges[0], unit.edges[-1] + 1
        if isinstance(unit, Switch):
            yield "switch", start, end, unit.edges[:-1], unit.last
        else:
            yield "alternation", start, end, unit.edges, None
