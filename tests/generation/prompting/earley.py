"""The schedule language once more, as a grammar for a general parser: slow, short and written apart from the product.

It is ambiguous wherever brackets may be text; priorities settle that every switch that can be one is one. A general
reading without them may leave a switch literal that two stray brackets follow, from run to run.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedInput

GRAMMAR = r"""
text: (stray | _whole)*
stray: /[\[\]():]/
whole: _whole*
_whole: words | round | square | switch | turns
!round: "(" whole ")" | "(" whole ":" whole ")"
!square: "[" whole "]"
switch.5: "[" whole ":" WHEN "]" | "[" whole ":" whole ":" WHEN "]"
turns: "[" whole ("|" whole)+ "]"
words: /([^\\\[\]():|]|\\.)+/
WHEN: /\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*/
"""


@cache
def parser() -> Lark:
    return Lark(GRAMMAR, start="text", parser="earley", lexer="dynamic")


def parse(text: str) -> Any:
    """The tree of `text`; None where it has no reading."""
    try:
        return parser().parse(text)
    except UnexpectedInput:
        return None


def schedule(text: str, steps: int) -> list[tuple[int, str]]:
    """What `generation.prompting.schedule` should say."""
    tree = parse(text)
    if tree is None:
        return [(steps, text)]
    ends = {steps}
    for node in tree.iter_subtrees():
        if node.data == "switch" and last_step(node, steps) >= 1:
            ends.add(last_step(node, steps))
        if node.data == "turns":
            ends.update(range(1, steps + 1))
    return [(end, said(tree, end, steps)) for end in sorted(ends)]


def last_step(switch: Any, steps: int) -> int:
    when = str(switch.children[-1])
    return min(steps, int(float(when) * steps if "." in when else float(when)))


def said(node: Any, step: int, steps: int) -> str:
    if isinstance(node, Token):
        return str(node)
    shown = node.children
    if node.data == "switch":
        before = shown[:-2]
        shown = before if step <= last_step(node, steps) else [shown[-2]]
    elif node.data == "turns":
        shown = [shown[(step - 1) % len(shown)]]
    return "".join(said(child, step, steps) for child in shown)
