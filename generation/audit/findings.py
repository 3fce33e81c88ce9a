"""One thing that does not agree, as `audit_consistency` tells it. The checks are `auditing`'s and `runs.auditing`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` names the check, `subject` the row or file; `fix` is there when a repair is safe."""

    code: str
    subject: str
    advice: str
    fix: Callable[[], object] | None = None
