"""The app that turns recipes into images: catalog, jobs, images and the worker's side."""

from __future__ import annotations

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.quotas import measures  # its models can be imported only now
        from generation.storage.quota import stored_bytes

        measures.stored_bytes = stored_bytes
