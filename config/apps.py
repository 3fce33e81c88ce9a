"""An app so that Django finds this package's management commands and checks, without models; and another's name."""

from __future__ import annotations

from contextlib import suppress

from allauth.account.apps import AccountConfig
from django.apps import AppConfig
from django.conf import settings


class EmailAddressesConfig(AccountConfig):
    """allauth's app, which the admin would call “Accounts”, as it does ours; of its rows it lists addresses alone."""

    default = False
    verbose_name = "Email addresses"


class PlatformConfig(AppConfig):
    default = True
    name = "config"
    verbose_name = "Platform"

    def ready(self) -> None:
        import config.checks  # noqa: F401  registers them
        from accounts.quotas import measures  # its models can be imported only now
        from config.exports.queue import state_sentence
        from config.seeing import errors, traces

        measures.export_state = state_sentence
        traces.start()
        errors.start()

        # The server makes files in it and no folder; a data folder that cannot be written to is told by the checks.
        with suppress(OSError):
            settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
