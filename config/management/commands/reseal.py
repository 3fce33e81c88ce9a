"""`manage.py reseal`: seal every secret in the database with the present SECRET_KEY."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.tables import require_tables
from accounts.refusals import counted
from config.resealing import reseal


class Command(BaseCommand):
    help = (
        "Seal with the present SECRET_KEY what lies open or was sealed with one of SECRET_KEY_FALLBACKS. Run it when "
        "every process of the site runs this version and has the new key; then a former key may go."
    )

    def handle(self, **options: Any) -> str:
        require_tables()
        done = reseal()
        if done.unreadable:
            raise CommandError(
                f"{counted(done.unreadable, 'row')} cannot be read by any key: add the former one to "
                f"SECRET_KEY_FALLBACKS. {counted(done.sealed, 'row')} sealed anew."
            )
        return f"{counted(done.sealed, 'row')} sealed anew; nothing is open, and nothing needs a former key."
