"""`manage.py audit_consistency`: compare rows, ledger, files and broker; repair what may be repaired without loss."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.tables import require_tables
from generation.audit.checks import audit
from generation.audit.findings import Finding


class Command(BaseCommand):
    help = "Compare jobs, ledger, files and broker; fails when something is left that does not agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="make the repairs that lose nothing")

    def handle(self, *, fix: bool, **options: Any) -> str:
        require_tables()
        left = [finding for finding in audit() if not self.handle_finding(finding, fix)]
        if left:
            raise CommandError(f"{len(left)} findings.")
        return "0 findings."

    def handle_finding(self, finding: Finding, fix: bool) -> bool:
        """Print it; true when it was repaired."""
        if fix and finding.fix is not None:
            finding.fix()
        result = "by hand" if finding.fix is None else "mended" if fix else "--fix mends it"
        self.stdout.write(f"{finding.code}  {finding.subject}  {finding.advice}  ({result})")
        return fix and finding.fix is not None
