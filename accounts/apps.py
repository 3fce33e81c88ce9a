"""The app of people: accounts, plans and credits. It knows no job and no picture."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        super().import_models()
        import accounts.entrance_models  # noqa: F401  rows that the models of people need not load themselves
