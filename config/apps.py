"""An app so that Django finds this package's management commands and checks; it has no models."""

from __future__ import annotations

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "config"
    verbose_name = "Platform"

    def ready(self) -> None:
        import config.checks  # noqa: F401  registers them
