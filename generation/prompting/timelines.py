"""Schedules as A1111 read them before 1.6, when size told fractions from steps, rewritten for the rule of today."""

from __future__ import annotations

import math

from generation.prompting.grammar import Switch, parse


def modernize(text: str) -> str:
    """`text` with every `when` written so that `schedule` reads it as A1111 before 1.6 did.

    There a number below 1 was a fraction and any other a step: `[a:b:1.0]` switched after step 1. Today "." decides.
    """
    script = parse(text, 1)
    if script.literal_at is not None:
        return text
    switches = [unit for unit in script.units if isinstance(unit, Switch)]
    kept = 0
    parts = []
    for start, end in sorted((switch.edges[-2] + 1, switch.edges[-1]) for switch in switches):
        parts += [text[kept:start], _today(text[start:end])]
        kept = end
    return "".join([*parts, text[kept:]])


def _today(when: str) -> str:
    value = float(when)
    if value >= 1 and "." in when and math.isfinite(value):
        return str(int(value))
    return f"{value:.12f}" if 0 < value < 1 and "." not in when else when
