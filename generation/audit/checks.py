"""The whole audit: every check that `manage.py audit_consistency` runs, in its order.

It only looks; a finding whose repair loses nothing carries it as `fix`. What recovers by itself is upkeep's.
"""

from __future__ import annotations

from collections.abc import Iterator

from generation.audit import files, jobs, lab, messages, runs, wallets
from generation.audit.findings import Check, Finding

CHECKS: tuple[Check, ...] = (
    *jobs.CHECKS,
    *wallets.CHECKS,
    *runs.CHECKS,
    *lab.CHECKS,
    *files.CHECKS,
    *messages.CHECKS,
)


def audit() -> Iterator[Finding]:
    """Everything that does not agree. Rows in use are read while they change: run it again before acting on a job."""
    for check in CHECKS:
        yield from check()
