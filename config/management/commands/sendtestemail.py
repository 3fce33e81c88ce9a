"""`manage.py sendtestemail`: Django's own, straight to the mail server, with its refusal in one sentence."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.sendtestemail import Command as DjangoCommand


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMAIL_HOST:
            raise CommandError("There is no mail server: set SMTP_HOST. Until then mail goes to the log.")
        server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        try:
            super().handle(*args, **options)
        except (SMTPException, OSError) as error:
            reason = str(error) or type(error).__name__
            raise CommandError(f"The mail server {server} did not take it: {reason}") from None
        self.stdout.write(f"The mail server {server} took it.")
