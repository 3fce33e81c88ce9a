"""`manage.py audit_consistency`: hold jobs, ledger, files and broker against each other; mend what is safe to mend."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.audit.findings import Finding
from generation.audit.jobs import audit


class Command(BaseCommand):
    help = "Compare jobs, ledger, files and broker; fails when something is left that does not agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="make the repairs that lose nothing")

    def handle(self, *, fix: bool, **options: Any) -> str:
        left = [finding for finding in audit() if not self.tell(finding, fix)]
        if left:
            raise CommandError(f"{len(left)} findings.")
        return "0 findings."

    def tell(self, finding: Finding, fix: bool) -> bool:
        """Print it; true when it was mended."""
        mending = fix and finding.fix is not None
        if mending and finding.fix:
            finding.fix()
        said = "mended" if mending else "--fix mends it" if finding.fix else "by hand"
        self.stdout.write(f"{finding.code}  {finding.subject}  {finding.advice}  ({said})")
        return mending
